"""The tab of history: versions to compare and to restore; without versions, what the audit log says of the feature."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone

from vexil.controlplane import permissions
from vexil.controlplane.actions import version_restoring
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled
from vexil.controlplane.dashboard import feature_panel, feature_rows, feature_switches, state_comparison
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Feature, FeatureVersion
from vexil.controlplane.queries import audit, feature_records, versions

TAB = "history"
PAGE_SIZE = 20


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    assert place.environment is not None
    if place.environment.use_v2_feature_versioning:
        return _versions(request, place, feature)
    if not place.project_rights.include(permissions.VIEW_AUDIT_LOG):
        return feature_panel.shown(request, place, feature, TAB, {"is_hidden": True})
    found = paged(request, feature_records.of(feature, place.environment), PAGE_SIZE)
    people = audit.surroundings(found.rows).users
    rows = [{"record": row, "who": people.get(row.user_id or 0), "details": _details(row)} for row in found.rows]
    return feature_panel.shown(request, place, feature, TAB, {"page": found, "records": rows})


def restore(
    request: HttpRequest, project_id: int, environment_key: str, feature_id: int, version_id: UUID
) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=permissions.UPDATE_FEATURE_STATE)
    feature = feature_switches.found(place, feature_id)
    version = _version(place, feature, str(version_id))
    if version is None:
        raise Http404("version")
    try:
        version_restoring.restore(version, by=place.by)
    except ChangeRequestsEnabled:
        messages.error(request, feature_switches.BY_REQUEST)
        return opened(request, place, feature)
    assert place.environment is not None
    said = f"{feature.name} in {place.environment.name} is again as it was then, in a new version."
    away = feature_panel.saved(request, place, feature, TAB, said)
    return away or feature_panel.announced(opened(request, place, feature))


def _versions(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    """Two statements, and up to six for a comparison."""
    assert place.environment is not None
    listed = versions.listed(place.environment, feature, now=timezone.now())
    found = paged(request, listed.select_related("published_by", "created_by"), PAGE_SIZE)
    left, right = (_version(place, feature, request.GET.get(name, "")) for name in ("left", "right"))
    values: dict[str, Any] = {
        "page": found,
        "versions": [_row(version) for version in found.rows],
        "left": left and _row(left),
        "right": right and _row(right),
        "parts": _compared(left, right) if left and right else None,
        "chosen": (str(left.pk) if left else "", str(right.pk) if right else ""),
    }
    return feature_panel.shown(request, place, feature, TAB, values)


def _compared(left: FeatureVersion, right: FeatureVersion) -> list[state_comparison.Part]:
    before, after = list(versions.states(left)), list(versions.states(right))
    return state_comparison.parts(before, after, state_comparison.labels_of([*before, *after]))


def _row(version: FeatureVersion) -> dict[str, Any]:
    person = version.published_by or version.created_by
    waits = version.published and version.went_live_at is None
    return {
        "version": version,
        "who": person.shown_name if person else "",
        "when": version.live_from or version.created_at,
        "is_draft": not version.published,
        "is_waiting": waits and version.live_from is not None and version.live_from > timezone.now(),
        "may_restore": version.went_live_at is not None and not version.is_current,
    }


def _version(place: Place, feature: Feature, uuid: str) -> FeatureVersion | None:
    try:
        pk = UUID(uuid)
    except ValueError:
        return None
    found = FeatureVersion.live.filter(pk=pk, environment=place.environment, feature=feature)
    return found.select_related("environment__project", "feature__project", "published_by", "created_by").first()


def _details(record: Any) -> list[tuple[str, str, str]]:
    """What changed, of facts that people know by these names."""
    told = []
    for change in record.change_details:
        old, new = change.get("old"), change.get("new")
        if change["field"] in ("enabled", "value", "description", "is_archived", "is_server_key_only", "name"):
            told.append((change["field"].replace("_", " "), _text(old), _text(new)))
    return told


def _text(value: Any) -> str:
    return feature_rows.shown(value) or "nothing"


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"

urlpatterns: list[URLPattern] = [
    page(f"{_FEATURE}/history/<uuid:version_id>/restore", restore, "features-restore", methods="POST")
]
