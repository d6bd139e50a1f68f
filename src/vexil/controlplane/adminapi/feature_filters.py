"""What the query of a feature list asks for."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from vexil.controlplane import permissions
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.db.models import Environment, Project
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, Actor
from vexil.controlplane.queries.features import Filters
from vexil.controlplane.queries.lifecycle import Stage


class _Ids(serializers.CharField):
    """Ids with commas between them."""

    def __init__(self, what: str) -> None:
        super().__init__(required=False, allow_blank=True)
        self._what = what

    def to_internal_value(self, data: Any) -> Any:
        texts = [text.strip() for text in super().to_internal_value(data).split(",") if text.strip()]
        if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in texts):
            raise serializers.ValidationError(f"{self._what} IDs must be integers.")
        return [int(text) for text in texts]


def _text() -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True)


def _truth() -> serializers.BooleanField:
    return serializers.BooleanField(required=False, allow_null=True)


class _Query(serializers.Serializer[Any]):
    search = _text()
    sort_field = serializers.ChoiceField(choices=("created_date", "name"), default="created_date")
    sort_direction = serializers.ChoiceField(choices=("ASC", "DESC"), default="ASC")
    tags = _Ids("Tag")
    tag_strategy = serializers.ChoiceField(choices=("INTERSECTION", "UNION"), default="INTERSECTION")
    is_archived = _truth()
    type = serializers.ChoiceField(choices=FeatureType.values, required=False)
    environment = Id(required=False)
    segment = Id(required=False)
    identity = Id(required=False)
    is_enabled = _truth()
    value_search = _text()
    owners = _Ids("Owner")
    group_owners = _Ids("Group owner")
    lifecycle_stage = serializers.ChoiceField(choices=Stage.values, required=False)


def filters_of(request: Request, project: Project, by: Actor) -> Filters:
    """400 for what cannot be read, and for an environment that the caller cannot see in this project."""
    form = _Query(data=request.query_params.dict())
    form.is_valid(raise_exception=True)
    asked: Callable[..., Any] = form.validated_data.get
    if "environment" not in form.validated_data and (asked("is_enabled") is not None or asked("value_search")):
        raise ValidationError(["Environment is required in order to filter by state search or by state enabled"])
    return Filters(
        environment=_environment(asked("environment"), project, by),
        search=asked("search", ""),
        type=asked("type"),
        is_archived=asked("is_archived"),
        is_enabled=asked("is_enabled"),
        value_search=asked("value_search", ""),
        owners=asked("owners") or [],
        group_owners=asked("group_owners") or [],
        tags=asked("tags"),
        any_tag=asked("tag_strategy") == "UNION",
        segment_id=asked("segment"),
        identity_id=asked("identity"),
        order_by=asked("sort_field"),
        descending=asked("sort_direction") == "DESC",
        stage=asked("lifecycle_stage"),
    )


def _environment(environment_id: int | None, project: Project, by: Actor) -> Environment | None:
    if environment_id is None:
        return None
    environment = Environment.live.filter(pk=environment_id, project=project).select_related("project").first()
    if environment is None or not permissions.has_environment_permission(by, environment, VIEW_ENVIRONMENT):
        raise ValidationError({"environment": [f'Invalid pk "{environment_id}" - object does not exist.']})
    return environment
