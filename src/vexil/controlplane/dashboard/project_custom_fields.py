"""Custom fields of one project, which its administrators make, beside those of the organisation."""

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse

from vexil.controlplane.actions import metadata_fields as actions
from vexil.controlplane.actions.metadata_fields import Place as Requirement
from vexil.controlplane.dashboard import custom_field_pages, rendering
from vexil.controlplane.dashboard.custom_field_pages import FieldForm
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.db.models import MetadataField
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.queries import custom_fields as queries


def listed(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    assert place.project is not None
    form = FieldForm(request.POST or None, projects=[])
    if request.method == "POST" and form.is_valid():
        uses, given = form.uses(Requirement(ContentType.PROJECT, project_id)), form.fields_given()
        fields = {**given, "project": place.project}
        made = form.attempt(lambda: actions.add(place.organisation, uses, by=place.by, **fields))
        if made is not None:
            return rendering.done(request, _url(project_id), f"Field {made.name} created.")
    here = queries.defined(place.organisation).filter(Q(project=None) | Q(project=place.project))
    names = {project_id: place.project.name}
    rows = [custom_field_pages.row(field, names, _url(project_id, field) if field.project_id else "") for field in here]
    return rendering.form_page(request, "custom_fields/list.html", place, form, {"rows": rows, "may_change": True})


def edit(request: HttpRequest, project_id: int, field_id: int) -> HttpResponse:
    place, field = _found(request, project_id, field_id)
    parts = {"project_id": project_id, "field_id": field_id}
    urls = {"list_url": _url(project_id), "delete_url": reverse("project-custom-fields-delete", kwargs=parts)}
    return custom_field_pages.edited(request, place, field, [], urls)


def delete(request: HttpRequest, project_id: int, field_id: int) -> HttpResponse:
    place, field = _found(request, project_id, field_id)
    if not is_confirmed(request, field.name, "the field's name"):
        return rendering.done(request, _url(project_id, field))
    actions.delete(field, by=place.by)
    return rendering.done(request, _url(project_id), f"Field {field.name} deleted.")


def _found(request: HttpRequest, project_id: int, field_id: int) -> tuple[Place, MetadataField]:
    """The project's own; those of the organisation are its administrators' alone."""
    place = at_project(request, project_id, needs_admin=True)
    field = queries.defined(place.organisation).filter(pk=field_id, project=place.project).first()
    if field is None:
        raise Http404("field")
    return place, field


def _url(project_id: int, field: MetadataField | None = None) -> str:
    if field is None:
        return reverse("project-custom-fields", kwargs={"project_id": project_id})
    return reverse("project-custom-fields-edit", kwargs={"project_id": project_id, "field_id": field.pk})


_FIELDS = "project/<int:project_id>/custom-fields"

urlpatterns: list[URLPattern] = [
    page(_FIELDS, listed, "project-custom-fields", methods="GET POST"),
    page(f"{_FIELDS}/<int:field_id>", edit, "project-custom-fields-edit", methods="GET POST"),
    page(f"{_FIELDS}/<int:field_id>/delete", delete, "project-custom-fields-delete", methods="POST"),
]
