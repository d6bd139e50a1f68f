"""One segment: its rules, and where it overrides what."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import segments as actions
from vexil.controlplane.actions.segments import ManagedSegment
from vexil.controlplane.dashboard import custom_fields, rendering, rule_drafts, segments
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.dashboard.segments import SegmentForm, found
from vexil.controlplane.db.models import Segment
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import MANAGE_SEGMENTS
from vexil.controlplane.queries import custom_fields as custom_field_queries
from vexil.controlplane.queries import segments as queries
from vexil.controlplane.queries.custom_fields import CustomField


def rules(request: HttpRequest, project_id: int, segment_id: int) -> HttpResponse:
    place, segment = found(request, project_id, segment_id, needs=MANAGE_SEGMENTS if request.method == "POST" else "")
    form = SegmentForm(request.POST or None, initial={"name": segment.name, "description": segment.description})
    offered = custom_field_queries.of(segment.project, ContentType.SEGMENT)
    custom_fields.add_to(form, offered, {row.model_field_id: row.field_value for row in segment.metadata.all()})
    is_sent = request.method == "POST"
    drafts = rule_drafts.of_form(request.POST) if is_sent else rule_drafts.of_rules(segment.rules)
    if is_sent and _is_outdated(request, segment):
        form.add_error(
            None,
            "Somebody else saved this segment while you were editing it. Yours is below and not saved yet: "
            "open the segment in another tab to see theirs, and save again to replace it.",
        )
    elif is_sent and segments.is_ready(request, form, drafts) and _save(place, segment, form, drafts, offered):
        return rendering.done(request, segments.url_of(segment), "Segment saved.")
    custom = {"custom": custom_fields.bound(form)}
    values = segments.builder(place, drafts) | _around(place, segment, "rules") | custom
    return rendering.form_page(request, "segments/rules.html", place, form, values)


def usage(request: HttpRequest, project_id: int, segment_id: int) -> HttpResponse:
    place, segment = found(request, project_id, segment_id)
    seen = permissions.environments_seen(place.standing, segment.project)
    overrides = [row for row in queries.overrides(segment) if row.environment in seen]
    return rendering.page(
        request, "segments/usage.html", place, _around(place, segment, "usage") | {"overrides": overrides}
    )


def _save(
    place: Place,
    segment: Segment,
    form: SegmentForm,
    drafts: list[rule_drafts.RuleDraft],
    offered: list[CustomField],
) -> bool:
    changes = {
        "name": form.cleaned_data["name"],
        "description": form.cleaned_data["description"] or None,
        "rules": [draft.as_stored() for draft in drafts],
    }
    try:
        given = custom_fields.values(form, offered)
        saved = form.attempt(lambda: actions.update(segment, changes, by=place.by, custom_fields=given))
        return saved is not None
    except ManagedSegment:
        form.add_error(None, "A cohort manages this segment: its rules change through that.")
        return False


def _is_outdated(request: HttpRequest, segment: Segment) -> bool:
    """Whether the form was opened before the last change; the next one is then to replace it knowingly."""
    is_old = "edit" not in request.POST and request.POST.get("seen", "") != segment.updated_at.isoformat()
    if is_old:
        messages.warning(request, "Not saved yet.")
    return is_old


def _around(place: Place, segment: Segment, tab: str) -> dict[str, object]:
    parts = {"project_id": segment.project_id, "segment_id": segment.pk}
    tabs = [
        ("Rules", reverse("segments-one", kwargs=parts), tab == "rules"),
        ("Used by", reverse("segments-usage", kwargs=parts), tab == "usage"),
    ]
    return {"segment": segment, "tabs": tabs, "may_manage": place.may(MANAGE_SEGMENTS)}


_ONE = "project/<int:project_id>/segments/<int:segment_id>"

urlpatterns = [
    page(_ONE, rules, "segments-one", methods="GET POST"),
    page(f"{_ONE}/usage", usage, "segments-usage"),
]
