"""What a person has done of their first steps, as the dashboard keeps it."""

from datetime import datetime
from typing import Any

from rest_framework import serializers


class TaskSerializer(serializers.Serializer[None]):
    name = serializers.CharField()
    completed_at = serializers.DateTimeField(required=False, allow_null=True)


class ToolsSerializer(serializers.Serializer[None]):
    completed = serializers.BooleanField(required=False)
    integrations = serializers.ListField(child=serializers.CharField(), required=False)


class OnboardingSerializer(serializers.Serializer[None]):
    tasks = TaskSerializer(many=True, required=False)
    tools = ToolsSerializer(required=False)
    hosting_preferences = serializers.ListField(child=serializers.CharField(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(
                "At least one of 'tasks' or 'tools' or 'hosting_preferences' must be provided."
            )
        return attrs

    def to_be_kept(self, *, now: datetime) -> dict[str, Any]:
        """What was given, as JSON; a task without time was done now."""
        kept = {**self.validated_data}
        if "tasks" in kept:
            kept["tasks"] = [
                {"name": task["name"], "completed_at": _iso(task.get("completed_at") or now)} for task in kept["tasks"]
            ]
        if "tools" in kept:
            kept["tools"] = {"completed": False, "integrations": [], **kept["tools"]}
        return kept


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
