"""A project's settings, how much of its limits it uses, and its end."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import projects as actions
from vexil.controlplane.dashboard import feature_health, rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.db.models import Feature, Project, Segment
from vexil.engine import pattern_error


class ProjectSettings(Form):
    name = forms.CharField(max_length=2000)
    hide_disabled_flags = forms.BooleanField(
        required=False, label="Leave disabled flags out", help_text="Of answers to SDKs; each environment may differ."
    )
    prevent_flag_defaults = forms.BooleanField(
        required=False,
        label="New features start empty",
        help_text="Disabled and without a value, in every environment.",
    )
    only_allow_lower_case_feature_names = forms.BooleanField(
        required=False, label="Names in lower case", help_text="The form for new features asks for it."
    )
    enforce_feature_owners = forms.BooleanField(
        required=False, label="Features need an owner", help_text="A member or a group."
    )
    enable_realtime_updates = forms.BooleanField(
        required=False, label="Real-time updates", help_text="Environments tell connected SDKs of changes at once."
    )
    feature_name_regex = forms.CharField(
        required=False, max_length=255, label="Names must match", help_text="A regular expression for the whole name."
    )
    stale_flags_limit_days = forms.IntegerField(
        min_value=1, max_value=100_000, label="Stale after", help_text="Days without a change."
    )

    def clean_feature_name_regex(self) -> str | None:
        text: str = self.cleaned_data["feature_name_regex"]
        if text and (fault := pattern_error(text)):
            raise forms.ValidationError(f"This is no regular expression that we run: {fault}.")
        return text or None


def settings(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    project = _project(place)
    initial = {name: getattr(project, name) for name in ProjectSettings.base_fields}
    form = ProjectSettings(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        changes: dict[str, Any] = dict(form.cleaned_data)
        if changes["name"] == project.name:
            del changes["name"]
        saved = form.attempt(lambda: actions.update(project, by=place.by, **changes))
        if saved is not None:
            return rendering.done(request, _url(project), "Settings saved.")
    values = {"limits": _limits(project), **feature_health.providers(request, project)}
    return rendering.form_page(request, "projects/settings.html", place, form, values)


def delete(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    project = _project(place)
    if not is_confirmed(request, project.name, "the project's name"):
        return rendering.done(request, _url(project))
    actions.delete(project, by=place.by)
    projects = reverse("projects", kwargs={"organisation_id": project.organisation_id})
    return rendering.done(request, projects, f"Project {project.name} deleted. Its keys are refused from now on.")


def _limits(project: Project) -> list[tuple[str, int, int]]:
    """What, how many there are, how many there may be. Two statements."""
    return [
        ("Features", Feature.live.filter(project=project).count(), project.max_features_allowed),
        ("Segments", Segment.live.filter(project=project).count(), project.max_segments_allowed),
    ]


def _project(place: Place) -> Project:
    assert place.project is not None
    return place.project


def _url(project: Project) -> str:
    return reverse("project-settings", kwargs={"project_id": project.pk})


urlpatterns = [
    page("project/<int:project_id>/settings", settings, "project-settings", methods="GET POST"),
    page("project/<int:project_id>/settings/delete", delete, "project-settings-delete", methods="POST"),
]
