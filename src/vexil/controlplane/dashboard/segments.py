"""The segments of a project: the list, a new one, a copy of one, its end."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import segments as actions
from vexil.controlplane.actions.segments import ManagedSegment, NewSegment
from vexil.controlplane.dashboard import custom_fields, htmx, rendering, rule_drafts
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form, LongSelect
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.dashboard.rule_drafts import RuleDraft
from vexil.controlplane.db.models import Feature, Project, Segment
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import MANAGE_SEGMENTS
from vexil.controlplane.queries import custom_fields as custom_field_queries
from vexil.controlplane.queries import identities
from vexil.controlplane.queries import segments as queries


class SegmentForm(Form):
    name = forms.CharField(max_length=2000)
    description = forms.CharField(required=False, widget=forms.Textarea)

    def __init__(self, *args: object, features: list[tuple[str, str]] | None = None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if features is not None:
            self.fields["feature"] = forms.ChoiceField(
                choices=[("", "Any feature"), *features],
                required=False,
                label="For",
                help_text="A segment for one feature can override that one only, and stays out of the others' lists.",
                widget=LongSelect(attrs={"class": "select"}),
            )


def listed(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    assert place.project is not None
    search, is_all = request.GET.get("search", "").strip(), request.GET.get("all") == "on"
    found = queries.with_usage(queries.live(place.project)).filter(name__icontains=search).order_by("name", "pk")
    part = paged(request, found if is_all else found.filter(feature=None))
    rows = [(segment, rule_drafts.in_words(segment.rules)) for segment in part.rows]
    values = {"page": part, "rows": rows, "search": search, "is_all": is_all, "may_manage": place.may(MANAGE_SEGMENTS)}
    if htmx.is_fragment(request):
        return rendering.fragment(request, "segments/results.html", place, values)
    return rendering.page(request, "segments/list.html", place, values)


def create(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs=MANAGE_SEGMENTS)
    assert place.project is not None
    form = SegmentForm(
        request.POST or None, features=_features(place), initial={"feature": request.GET.get("feature", "")}
    )
    offered = custom_field_queries.of(place.project, ContentType.SEGMENT)
    custom_fields.add_to(form, offered)
    drafts = rule_drafts.of_form(request.POST) if request.method == "POST" else rule_drafts.fresh()
    if request.method == "POST" and is_ready(request, form, drafts):
        given = form.cleaned_data
        new = NewSegment(
            given["name"],
            [draft.as_stored() for draft in drafts],
            description=given["description"] or None,
            feature=Feature.live.filter(project=place.project, pk=given["feature"] or 0).first(),
            custom_fields=custom_fields.values(form, offered),
        )
        made = form.attempt(lambda: actions.create(project_of(place), new, by=place.by))
        if made is not None:
            return rendering.done(request, url_of(made), f"Segment {made.name} created.")
    values = builder(place, drafts) | {"custom": custom_fields.bound(form)}
    return rendering.form_page(request, "segments/create.html", place, form, values)


def clone(request: HttpRequest, project_id: int, segment_id: int) -> HttpResponse:
    place, segment = found(request, project_id, segment_id, needs=MANAGE_SEGMENTS)
    form = SegmentForm({"name": request.POST.get("name") or f"{segment.name} (copy)"})
    made = (
        form.attempt(lambda: actions.clone(segment, name=form.cleaned_data["name"], by=place.by))
        if form.is_valid()
        else None
    )
    if made is None:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
        return rendering.done(request, reverse("segments", kwargs={"project_id": project_id}))
    return rendering.done(request, url_of(made), f"This is a copy of {segment.name}.")


def delete(request: HttpRequest, project_id: int, segment_id: int) -> HttpResponse:
    place, segment = found(request, project_id, segment_id, needs=MANAGE_SEGMENTS)
    if not is_confirmed(request, segment.name, "the segment's name"):
        return rendering.done(request, url_of(segment))
    try:
        actions.delete(segment, by=place.by)
    except ManagedSegment:
        messages.error(request, "A cohort manages this segment: delete the cohort instead.")
        return rendering.done(request, url_of(segment))
    return rendering.done(
        request, reverse("segments", kwargs={"project_id": project_id}), f"Segment {segment.name} deleted."
    )


def found(request: HttpRequest, project_id: int, segment_id: int, *, needs: str = "") -> tuple[Place, Segment]:
    place = at_project(request, project_id, needs=needs)
    segment = queries.live(project_of(place)).filter(pk=segment_id).first()
    if segment is None:
        raise Http404("segment")
    return place, segment


def is_ready(request: HttpRequest, form: SegmentForm, drafts: list[RuleDraft]) -> bool:
    """Whether the form is to be saved now: a press on one of the builder's buttons only changes the drafts."""
    if "edit" in request.POST:
        drafts[:] = rule_drafts.edited(drafts, request.POST["edit"])
        form.errors.clear()
        return False
    can_be_stored = rule_drafts.check(drafts, value_characters_max=settings.VEXIL.condition_value_characters_max)
    if not drafts:
        form.add_error(None, "A segment needs at least one rule.")
    elif not can_be_stored:
        form.add_error(None, "Some conditions cannot be saved yet: see below.")
    return form.is_valid()


def builder(place: Place, drafts: list[RuleDraft]) -> dict[str, object]:
    """What the templates of the rules and of trying them need. One statement, and a look at some identities."""
    seen = permissions.environments_seen(place.standing, project_of(place))
    return {
        "drafts": drafts,
        "operators": rule_drafts.OPERATORS,
        "types": rule_drafts.TYPES,
        "environments": seen,
        "trait_keys": identities.some_trait_keys(seen[0]) if seen else [],
    }


def url_of(segment: Segment) -> str:
    return reverse("segments-one", kwargs={"project_id": segment.project_id, "segment_id": segment.pk})


def _features(place: Place) -> list[tuple[str, str]]:
    features = Feature.live.filter(project=place.project).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in features]


def project_of(place: Place) -> Project:
    assert place.project is not None
    return place.project


_SEGMENTS = "project/<int:project_id>/segments"

urlpatterns = [
    page(_SEGMENTS, listed, "segments"),
    page(f"{_SEGMENTS}/create", create, "segments-create", methods="GET POST"),
    page(f"{_SEGMENTS}/<int:segment_id>/clone", clone, "segments-clone", methods="POST"),
    page(f"{_SEGMENTS}/<int:segment_id>/delete", delete, "segments-delete", methods="POST"),
]
