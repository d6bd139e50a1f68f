"""The tags of a project."""

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import tags as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.db.models import Tag
from vexil.controlplane.permissions import MANAGE_TAGS


class TagForm(Form):
    label = forms.CharField(max_length=100)
    color = forms.CharField(
        label="Colour",
        initial="#6837fc",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "A colour such as #3cb371.")],
        widget=forms.TextInput(attrs={"type": "color", "class": "colour"}),
    )
    description = forms.CharField(required=False, max_length=512)
    is_permanent = forms.BooleanField(
        required=False, label="Permanent", help_text="Features with it are never called stale."
    )


def listed(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs=MANAGE_TAGS if request.method == "POST" else "")
    assert place.project is not None
    form = TagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.create(place.project, by=place.by, **form.cleaned_data)
        return rendering.done(request, _url(project_id), f"Tag {form.cleaned_data['label']} created.")
    features = Count("features", filter=Q(features__deleted_at=None))
    tags = Tag.objects.filter(project=place.project).annotate(feature_count=features).order_by("label", "pk")
    values = {"tags": list(tags), "may_manage": place.may(MANAGE_TAGS)}
    return rendering.form_page(request, "tags/list.html", place, form, values)


def edit(request: HttpRequest, project_id: int, tag_id: int) -> HttpResponse:
    place, tag = _found(request, project_id, tag_id)
    form = TagForm(request.POST or None, initial={name: getattr(tag, name) for name in TagForm.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            actions.update(tag, by=place.by, **form.cleaned_data)
        except actions.SystemTag:
            form.add_error(None, "The system itself sets this tag; it cannot be changed.")
        else:
            return rendering.done(request, _url(project_id), f"Tag {tag.label} saved.")
    return rendering.form_page(request, "tags/edit.html", place, form, {"tag": tag})


def delete(request: HttpRequest, project_id: int, tag_id: int) -> HttpResponse:
    place, tag = _found(request, project_id, tag_id)
    try:
        actions.delete(tag, by=place.by)
        messages.success(request, f"Tag {tag.label} deleted.")
    except actions.UndeletableTag:
        messages.error(request, "The system itself sets this tag; it cannot be deleted.")
    return rendering.done(request, _url(project_id))


def _found(request: HttpRequest, project_id: int, tag_id: int) -> tuple[Place, Tag]:
    place = at_project(request, project_id, needs=MANAGE_TAGS)
    tag = Tag.objects.filter(project=place.project, pk=tag_id).select_related("project").first()
    if tag is None:
        raise Http404("tag")
    return place, tag


def _url(project_id: int) -> str:
    return reverse("tags", kwargs={"project_id": project_id})


_TAGS = "project/<int:project_id>/tags"

urlpatterns = [
    page(_TAGS, listed, "tags", methods="GET POST"),
    page(f"{_TAGS}/<int:tag_id>", edit, "tags-edit", methods="GET POST"),
    page(f"{_TAGS}/<int:tag_id>/delete", delete, "tags-delete", methods="POST"),
]
