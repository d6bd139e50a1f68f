"""How full a project is, and what makes an environment's document large, with what to do about it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone

from vexil.controlplane import permissions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment, at_project
from vexil.controlplane.queries import volume as queries
from vexil.controlplane.queries.volume import Fill, Finding, Kind

_NEAR, _FULL, _ALL = 75, 95, 100

ADVICE = {
    Kind.UNUSED_FEATURE: "Neither changed nor evaluated here for long. Archive it, or delete it if no code needs it.",
    Kind.UNUSED_SEGMENT: "Overrides nothing in any environment. Delete it, or use it.",
    Kind.MANY_OVERRIDES: "Many single overrides. Put these people into a segment and override for that once.",
    Kind.LARGE_VALUE: "A long value, repeated for every client. Keep it elsewhere and let the value say where.",
}


@dataclass(frozen=True, slots=True)
class Meter:
    label: str
    fill: Fill
    url: str

    @property
    def percent(self) -> int:
        return _ALL * self.fill.count // self.fill.limit if self.fill.limit else _ALL

    @property
    def kind(self) -> str:
        return "bad" if self.percent >= _FULL else "warn" if self.percent >= _NEAR else ""


def of_project(request: HttpRequest, project_id: int) -> HttpResponse:
    """Five statements besides those of the frame."""
    place = at_project(request, project_id)
    assert place.project is not None
    found = queries.of_project(place.project)
    seen = {row.pk for row in permissions.environments_seen(place.standing, place.project)}
    values = {
        "archived": found.archived_features,
        "meters": [
            Meter("Features", found.features, reverse("project", args=[project_id])),
            Meter("Segments", found.segments, reverse("segments", args=[project_id])),
        ],
        "environments": [
            Meter(row.name, fill, reverse("environment-volume", args=[project_id, row.api_key]))
            for row, fill in found.segment_overrides
            if row.pk in seen
        ],
    }
    return rendering.page(request, "volume/project.html", place, values)


def of_environment(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    """Two statements besides those of the frame."""
    place = at_environment(request, project_id, environment_key)
    assert place.environment is not None
    found = queries.of_environment(place.environment, now=timezone.now())
    findings = [_row(place, finding, found.document_bytes) for finding in found.findings] if found else []
    values: dict[str, Any] = {"volume": found, "findings": findings}
    if found:
        values["milliseconds"] = round(found.build_seconds * 1000, 1)
    return rendering.page(request, "volume/environment.html", place, values)


def _row(place: Place, finding: Finding, document_bytes: int) -> dict[str, Any]:
    is_segment = finding.kind is Kind.UNUSED_SEGMENT
    return {
        "finding": finding,
        "advice": ADVICE[finding.kind],
        "percent": round(_ALL * finding.document_bytes / max(document_bytes, 1)),
        "icon": "users" if is_segment else "flag",
        "url": _segment_url(place, finding) if is_segment else _feature_url(place, finding),
    }


def _segment_url(place: Place, finding: Finding) -> str:
    assert place.project is not None
    return reverse("segments-one", args=[place.project.pk, finding.id])


def _feature_url(place: Place, finding: Finding) -> str:
    assert place.project is not None
    assert place.environment is not None
    tabs = {Kind.UNUSED_FEATURE: "settings", Kind.MANY_OVERRIDES: "identity-overrides"}
    path = reverse("features", args=[place.project.pk, place.environment.api_key])
    return f"{path}?feature={finding.id}&tab={tabs.get(finding.kind, 'value')}"


urlpatterns: list[URLPattern] = [
    page("project/<int:project_id>/volume", of_project, "volume"),
    page("project/<int:project_id>/environment/<str:environment_key>/volume", of_environment, "environment-volume"),
]
