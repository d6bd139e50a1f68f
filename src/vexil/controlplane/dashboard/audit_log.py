"""The audit log of a project and of an organisation: who changed what, when and where; each line opens what it was."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone

from vexil.controlplane import permissions
from vexil.controlplane.dashboard import audit_differences, htmx, rendering
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation, at_project
from vexil.controlplane.db.models import AuditRecord, Environment, Project
from vexil.controlplane.queries import audit, environments, plans
from vexil.controlplane.queries.audit import Filters, Surroundings

KINDS = {
    "FEATURE": "Features",
    "FEATURE_STATE": "Values and overrides",
    "EF_VERSION": "Versions",
    "SEGMENT": "Segments",
    "IMPORT_REQUEST": "Imports",
    "ENVIRONMENT": "Environments",
    "FEATURE_HEALTH": "Health",
}
_CHANGES = {"CREATE": ("added", "good"), "UPDATE": ("changed", "accent"), "DELETE": ("removed", "bad")}
_ID_DIGITS_MAX = 18


def of_project(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs=permissions.VIEW_AUDIT_LOG)
    assert place.project is not None
    choices = {"environments": permissions.environments_seen(place.standing, place.project)}
    return _listed(request, place, audit.of_project(place.project, now=timezone.now()), choices)


def of_organisation(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    project_id = _number(request, "project")
    inside = environments.live().filter(project_id=project_id or 0, project__organisation=place.organisation)
    choices: dict[str, Any] = {
        "projects": list(Project.live.filter(organisation=place.organisation).order_by("name", "pk")),
        "environments": list(inside.order_by("pk")) if project_id else [],
    }
    return _listed(request, place, audit.of_organisations([place.organisation], now=timezone.now()), choices)


def one_of_project(request: HttpRequest, project_id: int, record_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs=permissions.VIEW_AUDIT_LOG)
    assert place.project is not None
    return _opened(request, place, audit.of_project(place.project, now=timezone.now()), record_id)


def one_of_organisation(request: HttpRequest, organisation_id: int, record_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    return _opened(request, place, audit.of_organisations([place.organisation], now=timezone.now()), record_id)


def _listed(
    request: HttpRequest, place: Place, records: QuerySet[AuditRecord], choices: Mapping[str, Any]
) -> HttpResponse:
    """Five statements: the part of the list and how long it is, and who and where."""
    filters = _filters(request)
    part = paged(request, audit.narrowed(_with_key(records), filters))
    around = audit.surroundings(part.rows)
    values = {
        **choices,
        "page": part,
        "rows": [_row(place, record, around) for record in part.rows],
        "filters": filters,
        "environment_id": next(iter(filters.environment_ids), None),
        "kinds": KINDS.items(),
        "is_narrowed": filters != Filters(),
        "visible_days": _visible_days(place),
    }
    if htmx.is_fragment(request):
        return rendering.fragment(request, "audit_log/results.html", place, values)
    return rendering.page(request, "audit_log/list.html", place, values)


def _opened(request: HttpRequest, place: Place, records: QuerySet[AuditRecord], record_id: int) -> HttpResponse:
    record = _with_key(records).filter(pk=record_id).first()
    if record is None:
        raise Http404("audit record")
    row = _row(place, record, audit.surroundings([record]))
    values = {
        "row": row,
        "list_url": _url(place),
        "differences": audit_differences.of(record),
        "feature_url": _feature_url(record, row["environment"]),
    }
    return rendering.page(request, "audit_log/record.html", place, values)


def _row(place: Place, record: Any, around: Surroundings) -> dict[str, Any]:
    change, colour = _CHANGES.get(record.change_type, ("", ""))
    person = around.users.get(record.user_id or 0)
    return {
        "record": record,
        "url": _url(place, record.pk),
        "who": person.shown_name if person else _no_person(record),
        "email": person.email if person else "",
        "kind": KINDS.get(record.related_object_type, record.related_object_type),
        "change": change,
        "colour": colour,
        "project": around.projects.get(record.project_id or 0),
        "environment": around.environments.get(record.environment_id or 0),
    }


def _no_person(record: Any) -> str:
    if record.key_prefix:
        return f"API token {record.key_prefix}…"
    return "Somebody who is gone" if record.user_id else "Vexil"


def _with_key(records: QuerySet[AuditRecord]) -> QuerySet[AuditRecord]:
    return records.annotate(key_prefix=F("event__master_api_key_prefix"))


def _filters(request: HttpRequest) -> Filters:
    environment_id, kind = _number(request, "environment"), request.GET.get("kind", "")
    return Filters(
        project_id=_number(request, "project"),
        environment_ids=(environment_id,) if environment_id else (),
        search=request.GET.get("search", "").strip(),
        kind=kind if kind in KINDS else "",
    )


def _number(request: HttpRequest, name: str) -> int | None:
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _ID_DIGITS_MAX else None


def _visible_days(place: Place) -> int | None:
    """How far back the plan lets see; None without a limit. One statement with billing."""
    plan = plans.limits(place.organisation.pk)
    return plan.audit_log_visibility_days if plan else None


def _feature_url(record: AuditRecord, environment: Environment | None) -> str:
    """Where the feature is edited that the record tells of, as far as that is still there."""
    facts = record.state_after or record.state_before or {}
    is_of_feature = record.related_object_type in {"FEATURE", "EF_VERSION"}
    feature_id = record.related_object_id if is_of_feature else facts.get("feature_id")
    if environment is None or environment.deleted_at is not None or not feature_id:
        return ""
    parts = {"project_id": environment.project_id, "environment_key": environment.api_key}
    return f"{reverse('features', kwargs=parts)}?feature={feature_id}"


def _url(place: Place, record_id: int | None = None) -> str:
    at = {"project_id": place.project.pk} if place.project else {"organisation_id": place.organisation.pk}
    name = "audit-log" if place.project else "organisation-audit-log"
    return (
        reverse(name, kwargs=at) if record_id is None else reverse(f"{name}-one", kwargs={**at, "record_id": record_id})
    )


_PROJECT, _ORGANISATION = "project/<int:project_id>/audit-log", "organisation/<int:organisation_id>/audit-log"

urlpatterns: list[URLPattern] = [
    page(_PROJECT, of_project, "audit-log"),
    page(f"{_PROJECT}/<int:record_id>", one_of_project, "audit-log-one"),
    page(_ORGANISATION, of_organisation, "organisation-audit-log"),
    page(f"{_ORGANISATION}/<int:record_id>", one_of_organisation, "organisation-audit-log-one"),
]
