"""The repositories at GitHub whose issues and pull requests the features of a project can be linked to."""

import re
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse

from vexil.controlplane.actions import external_resources as actions
from vexil.controlplane.actions.external_resources import AlreadyLinked
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation
from vexil.controlplane.db.models import GithubRepository, Integration, Project
from vexil.controlplane.integrations.catalogue import GITHUB
from vexil.controlplane.queries import integrations as queries

_NAMED = re.compile(r"(?:https://github\.com/)?([\w.-]{1,100})/([\w.-]{1,100}?)(?:\.git)?/?", re.ASCII)


class NewRepository(Form):
    repository = forms.CharField(max_length=300, help_text="As GitHub names it, owner and name: acme/shop")
    project = forms.ChoiceField(help_text="Whose features can be linked to it.")
    tagging_enabled = forms.BooleanField(
        required=False,
        label="Tag features",
        help_text="Linked features get a tag that says how their issue or pull request stands.",
    )

    def __init__(self, data: Any = None, *, projects: list[Project]) -> None:
        super().__init__(data)
        self._projects = {str(project.pk): project for project in projects}
        field = self.fields["project"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, project.name) for pk, project in self._projects.items()]

    def clean_repository(self) -> tuple[str, str]:
        found = _NAMED.fullmatch(self.cleaned_data["repository"].strip())
        if found is None:
            raise forms.ValidationError("Write the owner and the name with a slash between them: acme/shop")
        return found[1], found[2]

    def values(self) -> dict[str, Any]:
        """As the action wants them, of a valid form."""
        given = self.cleaned_data
        owner, name = given["repository"]
        return {
            "project": self._projects[given["project"]],
            "repository_owner": owner,
            "repository_name": name,
            "tagging_enabled": given["tagging_enabled"],
        }


def listed(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place, integration = _found(request, organisation_id)
    projects = list(Project.live.filter(organisation=place.organisation).order_by("name", "pk"))
    form = NewRepository(request.POST or None, projects=projects)
    if request.method == "POST" and form.is_valid() and _added(form, integration, place):
        return rendering.done(request, _url(organisation_id), "The repository is there.")
    rows = GithubRepository.objects.filter(integration=integration, project__deleted_at=None).select_related("project")
    ordered = rows.order_by("repository_owner", "repository_name", "pk")
    values = {"page": paged(request, ordered), "has_projects": bool(projects)}
    return rendering.form_page(request, "integrations/repositories.html", place, form, values)


def remove(request: HttpRequest, organisation_id: int, repository_id: int) -> HttpResponse:
    place, integration = _found(request, organisation_id)
    repository = (
        GithubRepository.objects.select_related("integration").filter(integration=integration, pk=repository_id).first()
    )
    if repository is None:
        raise Http404("repository")
    actions.remove_repository(repository, by=place.by)
    name = f"{repository.repository_owner}/{repository.repository_name}"
    return rendering.done(request, _url(organisation_id), f"{name} is gone, and the links into it.")


def _added(form: NewRepository, integration: Integration, place: Place) -> bool:
    """Whether it worked; what is wrong stands in the form."""
    try:
        actions.add_repository(integration, by=place.by, **form.values())
    except AlreadyLinked:
        form.add_error("repository", "This project has it already.")
    return not form.errors


def _found(request: HttpRequest, organisation_id: int) -> tuple[Place, Integration]:
    place = at_organisation(request, organisation_id, needs_admin=True)
    integration = queries.of_place(place.organisation, GITHUB).first()
    if integration is None:
        raise Http404("GitHub")
    return place, integration


def _url(organisation_id: int) -> str:
    return reverse("organisation-integrations-repositories", kwargs={"organisation_id": organisation_id})


_REPOSITORIES = "organisation/<int:organisation_id>/integrations/github/repositories"

urlpatterns: list[URLPattern] = [
    page(_REPOSITORIES, listed, "organisation-integrations-repositories", methods="GET POST"),
    page(
        f"{_REPOSITORIES}/<int:repository_id>/remove",
        remove,
        "organisation-integrations-repositories-remove",
        methods="POST",
    ),
]
