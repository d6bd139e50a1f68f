"""Bringing a project over from LaunchDarkly: asking for it, how far it has come, and what could not be brought."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import launch_darkly_imports as actions
from vexil.controlplane.dashboard import htmx, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import at_project
from vexil.controlplane.db.models import LaunchDarklyImport, Project
from vexil.controlplane.permissions import CREATE_ENVIRONMENT
from vexil.controlplane.queries import launch_darkly_imports as queries

_SHOWN = 20


class ImportForm(Form):
    project_key = forms.CharField(
        label="Project key", max_length=2000, help_text="As LaunchDarkly shows it in the settings of the project."
    )
    token = forms.CharField(
        label="Access token",
        max_length=2000,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text="One that may read is enough. It is kept encrypted, and forgotten once the import has ended.",
    )


def shown(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs=CREATE_ENVIRONMENT)
    assert place.project is not None
    project, form = place.project, ImportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wanted = form.attempt(lambda: actions.request(project, by=place.by, **given))
        if wanted is not None:
            return rendering.done(request, _url(project_id), "The import has begun; it shows below how far it is.")
    values = _imports(project)
    if htmx.is_fragment(request) and request.method == "GET":
        return rendering.fragment(request, "feature_files/launch_darkly_imports.html", place, values)
    return rendering.form_page(
        request,
        "feature_files/launch_darkly.html",
        place,
        form,
        {**values, "tabs": tabs(project_id, "feature-files-launch-darkly")},
    )


def tabs(project_id: int, current: str) -> list[tuple[str, str, bool]]:
    """What there is of import and export."""
    named = (("Files", "feature-files"), ("LaunchDarkly", "feature-files-launch-darkly"))
    return [(label, reverse(name, kwargs={"project_id": project_id}), name == current) for label, name in named]


def _imports(project: Project) -> dict[str, Any]:
    rows: list[LaunchDarklyImport] = list(queries.of_project(project)[:_SHOWN])
    return {"imports": rows, "is_busy": any(row.completed_at is None for row in rows)}


def _url(project_id: int) -> str:
    return reverse("feature-files-launch-darkly", kwargs={"project_id": project_id})


urlpatterns = [
    page(
        "project/<int:project_id>/import-export/launch-darkly", shown, "feature-files-launch-darkly", methods="GET POST"
    ),
]
