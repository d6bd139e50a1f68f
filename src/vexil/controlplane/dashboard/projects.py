"""An organisation's projects, and a new one with its first environments."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import environments
from vexil.controlplane.actions import projects as actions
from vexil.controlplane.dashboard import htmx, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation, at_project
from vexil.controlplane.db.models import Project
from vexil.controlplane.queries import projects as queries

FIRST_ENVIRONMENTS = ("Development", "Production")


class NewProject(Form):
    name = forms.CharField(
        max_length=2000,
        help_text="One product or service. It starts with the environments Development and Production.",
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


def listed(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id)
    search = request.GET.get("search", "").strip()
    projects = queries.with_counts(permissions.viewable_projects(place.by).filter(organisation=place.organisation))
    found = paged(request, projects.filter(name__icontains=search))
    values = {"page": found, "search": search, "may_create": _may_create(place)}
    if htmx.is_fragment(request):
        return rendering.fragment(request, "projects/results.html", place, values)
    return rendering.page(request, "projects/list.html", place, values)


def create(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id)
    if not _may_create(place):
        raise PermissionDenied(permissions.CREATE_PROJECT)
    form = NewProject(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: _create(place, form.cleaned_data["name"]))
        if made is not None:
            return rendering.done(
                request, reverse("project", kwargs={"project_id": made.pk}), f"Project {made.name} created."
            )
    return rendering.form_page(request, "projects/create.html", place, form)


def start(request: HttpRequest, project_id: int) -> HttpResponse:
    """A project opens with the features of its first environment."""
    place = at_project(request, project_id)
    assert place.project is not None
    seen = permissions.environments_seen(place.standing, place.project)
    if seen:
        parts = {"project_id": project_id, "environment_key": seen[0].api_key}
        return HttpResponseRedirect(reverse("features", kwargs=parts))
    return rendering.page(request, "projects/no_environment.html", place)


@transaction.atomic
def _create(place: Place, name: str) -> Project:
    project = actions.create(place.organisation, name=name, by=place.by)
    for environment in FIRST_ENVIRONMENTS:
        environments.create(project, name=environment, by=place.by)
    return project


def _may_create(place: Place) -> bool:
    if place.organisation.restrict_project_create_to_admin:
        return place.is_organisation_admin
    return place.may(permissions.CREATE_PROJECT)


urlpatterns = [
    page("organisation/<int:organisation_id>/projects", listed, "projects"),
    page("organisation/<int:organisation_id>/projects/create", create, "projects-create", methods="GET POST"),
    page("project/<int:project_id>", start, "project"),
]
