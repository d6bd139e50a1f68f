"""The custom fields of an organisation: what they hold, what they are on, and where they must be filled in."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import metadata_fields as actions
from vexil.controlplane.actions.metadata_fields import Place as Requirement
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation
from vexil.controlplane.db.models import MetadataField, MetadataRequirement, Project
from vexil.controlplane.db.models.metadata import ContentType, FieldType
from vexil.controlplane.queries import custom_fields as queries

_TYPES = (
    (FieldType.STRING, "Text"),
    (FieldType.MULTILINE, "Text of several lines"),
    (FieldType.INTEGER, "Whole number"),
    (FieldType.BOOLEAN, "True or false"),
    (FieldType.URL, "URL"),
)
_CARRIERS = (
    (ContentType.FEATURE, "Features"),
    (ContentType.ENVIRONMENT, "Environments"),
    (ContentType.SEGMENT, "Segments"),
)
_OPTIONAL, _EVERYWHERE, _IN_PROJECTS = "optional", "everywhere", "projects"


class FieldForm(Form):
    name = forms.CharField(max_length=255)
    type = forms.ChoiceField(choices=_TYPES)
    description = forms.CharField(
        required=False, max_length=2000, help_text="Stands below the field, for those who fill it in."
    )

    def __init__(self, data: Any = None, *, projects: list[Project], field: MetadataField | None = None) -> None:
        super().__init__(data)
        self._projects = {str(project.pk): project for project in projects}
        for kind, label in _CARRIERS:
            self.add(kind.name, forms.ChoiceField(label=label, required=False, choices=_uses_of(label, projects)))
            boxes = forms.CheckboxSelectMultiple()
            choices = [(pk, project.name) for pk, project in self._projects.items()]
            chosen = forms.MultipleChoiceField(label=label, required=False, choices=choices, widget=boxes)
            self.add(f"{kind.name}_projects", chosen)
        if field:
            self.initial.update(_initial(field))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for kind, _ in _CARRIERS:
            if given.get(kind.name) == _IN_PROJECTS and not given.get(f"{kind.name}_projects"):
                self.add_error(kind.name, "Choose the projects in which it is required.")
        return given

    def fields_given(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"name": given["name"], "type": given["type"], "description": given["description"] or None}

    def uses(self, everywhere: Requirement) -> dict[int, list[Requirement]]:
        """As the actions want it, of a valid form; `everywhere` is what the field belongs to."""
        given = self.cleaned_data
        places = {
            kind: {
                _EVERYWHERE: [everywhere],
                _IN_PROJECTS: [Requirement(ContentType.PROJECT, int(pk)) for pk in given[f"{kind.name}_projects"]],
            }
            for kind, _ in _CARRIERS
        }
        return {kind: places[kind].get(given[kind.name], []) for kind, _ in _CARRIERS if given[kind.name]}

    def carriers(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """For each kind of thing: whether the field is on it, and the projects in which it is required."""
        return [(self[kind.name], self[f"{kind.name}_projects"]) for kind, _ in _CARRIERS]


@dataclass(frozen=True, slots=True)
class Row:
    field: MetadataField
    url: str
    type: str
    uses: tuple[tuple[str, str], ...]
    """Kinds of things, and where they must have it."""


def listed(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=request.method == "POST")
    projects = _projects(place)
    form = FieldForm(request.POST or None, projects=projects)
    if request.method == "POST" and form.is_valid():
        uses = form.uses(Requirement(ContentType.ORGANISATION, organisation_id))
        given = form.fields_given()
        made = form.attempt(lambda: actions.add(place.organisation, uses, by=place.by, **given))
        if made is not None:
            return rendering.done(request, _url(organisation_id), f"Field {made.name} created.")
    names = {project.pk: project.name for project in projects}
    rows = [row(field, names, _url(organisation_id, field)) for field in queries.defined(place.organisation)]
    values = {"rows": rows, "may_change": place.is_organisation_admin}
    return rendering.form_page(request, "custom_fields/list.html", place, form, values)


def edit(request: HttpRequest, organisation_id: int, field_id: int) -> HttpResponse:
    place, field = _found(request, organisation_id, field_id)
    projects = [] if field.project else _projects(place)
    delete_url = reverse("custom-fields-delete", kwargs={"organisation_id": organisation_id, "field_id": field_id})
    return edited(request, place, field, projects, {"list_url": _url(organisation_id), "delete_url": delete_url})


def edited(
    request: HttpRequest, place: Place, field: MetadataField, projects: list[Project], urls: dict[str, str]
) -> HttpResponse:
    """The form of a field that is there: saved, or shown."""
    form = FieldForm(request.POST or None, projects=projects, field=field)
    if request.method == "POST" and form.is_valid():
        uses, given = form.uses(_belonging(field)), form.fields_given()
        if form.attempt(lambda: actions.change(field, uses, by=place.by, **given)) is not None:
            return rendering.done(request, urls["list_url"], f"Field {given['name']} saved.")
    return rendering.form_page(request, "custom_fields/edit.html", place, form, {"field": field, **urls})


def delete(request: HttpRequest, organisation_id: int, field_id: int) -> HttpResponse:
    place, field = _found(request, organisation_id, field_id)
    if not is_confirmed(request, field.name, "the field's name"):
        return rendering.done(request, _url(organisation_id, field))
    actions.delete(field, by=place.by)
    return rendering.done(request, _url(organisation_id), f"Field {field.name} deleted.")


def _found(request: HttpRequest, organisation_id: int, field_id: int) -> tuple[Place, MetadataField]:
    place = at_organisation(request, organisation_id, needs_admin=True)
    field = queries.defined(place.organisation).filter(pk=field_id).first()
    if field is None:
        raise Http404("field")
    return place, field


def _projects(place: Place) -> list[Project]:
    return list(Project.live.filter(organisation=place.organisation).order_by("name", "pk"))


def _uses_of(label: str, projects: list[Project]) -> list[tuple[str, str]]:
    some = [(_IN_PROJECTS, "Required in some projects")] if projects else []
    return [("", f"Not on {label.lower()}"), (_OPTIONAL, "Optional"), (_EVERYWHERE, "Required everywhere"), *some]


def _initial(field: MetadataField) -> dict[str, Any]:
    initial: dict[str, Any] = {"name": field.name, "type": field.type, "description": field.description or ""}
    for use in field.model_fields.all():
        kind, places = ContentType(use.content_type).name, use.is_required_for.all()
        chosen = [place.object_id for place in places if place.content_type == ContentType.PROJECT]
        is_everywhere = any(_place(place) == _belonging(field) for place in places)
        initial[kind] = _EVERYWHERE if is_everywhere else _IN_PROJECTS if chosen else _OPTIONAL
        initial[f"{kind}_projects"] = chosen
    return initial


def _belonging(field: MetadataField) -> Requirement:
    """The project or the organisation that the field is of: where it is required if it is required everywhere."""
    if field.project_id is not None:
        return Requirement(ContentType.PROJECT, field.project_id)
    return Requirement(ContentType.ORGANISATION, field.organisation_id)


def _place(required: MetadataRequirement) -> Requirement:
    return Requirement(required.content_type, required.object_id)


def row(field: MetadataField, names: dict[int, str], url: str) -> Row:
    """`names` are those of the projects that the reader knows of."""
    initial = _initial(field)
    uses = [(label, _required(initial, kind, names)) for kind, label in _CARRIERS if kind.name in initial]
    return Row(field, url, dict(_TYPES)[FieldType(field.type)], tuple(uses))


def _required(initial: dict[str, Any], kind: ContentType, names: dict[int, str]) -> str:
    if initial[kind.name] == _EVERYWHERE:
        return "required"
    chosen = [names[pk] for pk in initial[f"{kind.name}_projects"] if pk in names]
    return f"required in {', '.join(chosen)}" if chosen else ""


def _url(organisation_id: int, field: MetadataField | None = None) -> str:
    if field is None:
        return reverse("custom-fields", kwargs={"organisation_id": organisation_id})
    return reverse("custom-fields-edit", kwargs={"organisation_id": organisation_id, "field_id": field.pk})


_FIELDS = "organisation/<int:organisation_id>/custom-fields"

urlpatterns = [
    page(_FIELDS, listed, "custom-fields", methods="GET POST"),
    page(f"{_FIELDS}/<int:field_id>", edit, "custom-fields-edit", methods="GET POST"),
    page(f"{_FIELDS}/<int:field_id>/delete", delete, "custom-fields-delete", methods="POST"),
]
