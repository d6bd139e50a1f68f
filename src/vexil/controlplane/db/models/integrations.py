from typing import Any

from django.db import models

from .environments import Environment
from .organisations import Organisation
from .projects import Project

_PLACES = ("environment", "project", "organisation")


def _is_of(place: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": name != place for name in _PLACES})


class Integration(models.Model):
    """An outside service that hears of what happens in one environment, project or organisation."""

    kind = models.CharField(max_length=16)
    """As in its path: `amplitude`, `new-relic`. What it hears of is in `integrations.catalogue`."""
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, related_name="integrations")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="integrations")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, related_name="integrations")
    settings: "models.JSONField[Any, Any]" = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_is_of("environment") | _is_of("project") | _is_of("organisation"),
                name="integration_of_one_place",
            ),
            *(
                models.UniqueConstraint(fields=["kind", place], name=f"one_integration_of_a_kind_per_{place}")
                for place in _PLACES
            ),
        ]

    @property
    def place(self) -> Environment | Project | Organisation | None:
        return self.environment or self.project or self.organisation
