"""An organisation's projects, and a new one with its first environments."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import first_run
from vexil.controlplane.dashboard import htmx, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation, at_project
from vexil.controlplane.queries import projects as queries


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
        name = form.cleaned_data["name"]
        made = form.attempt(lambda: first_run.start_project(place.organisation, name, by=place.by))
        if made is not None:
            url = reverse("getting-started", kwargs={"project_id": made.project_id, "environment_key": made.api_key})
            return rendering.done(request, url, f"Project {name} created.")
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


def _may_create(place: Place) -> bool:
    if place.organisation.restrict_project_create_to_admin:
        return place.is_organisation_admin
    return place.may(permissions.CREATE_PROJECT)


urlpatterns = [
    page("organisation/<int:organisation_id>/projects", listed, "projects"),
    page("organisation/<int:organisation_id>/projects/create", create, "projects-create", methods="GET POST"),
    page("project/<int:project_id>", start, "project"),
]
