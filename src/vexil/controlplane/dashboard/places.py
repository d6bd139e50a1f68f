"""Where a page is: in an organisation, a project, an environment, and what the person may do there.

Raises Http404 for what the person may not know of, PermissionDenied where a right is missing, and SecondFactorNeeded
where the organisation insists on one. Finding a place runs
two statements for an organisation's admin, three for others.
"""

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from vexil.controlplane import permissions
from vexil.controlplane.db.models import Environment, Organisation, Project, User
from vexil.controlplane.permissions import Actor, Rights, Standing
from vexil.controlplane.queries import environments, second_factors

_NONE = Rights()


class SecondFactorNeeded(Exception):
    """The organisation lets in only those who log in in two steps, and this person does not."""

    def __init__(self, organisation: Organisation) -> None:
        super().__init__(organisation.name)
        self.organisation = organisation


@dataclass(frozen=True, slots=True)
class Place:
    by: Actor
    organisation: Organisation
    standing: Standing
    project: Project | None = None
    environment: Environment | None = None
    rights: Rights = field(default=_NONE)
    """At the innermost level."""

    @property
    def is_organisation_admin(self) -> bool:
        return self.standing.is_admin

    @property
    def project_rights(self) -> Rights:
        return self.standing.at_project(self.project.pk) if self.project else _NONE

    def may(self, key: str) -> bool:
        """Whether the person holds a right at the innermost level."""
        return self.rights.include(key)


def actor_of(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return Actor(user=request.user)


def at_organisation(request: HttpRequest, organisation_id: int, *, needs: str = "", needs_admin: bool = False) -> Place:
    by = actor_of(request)
    organisation = Organisation.live.filter(pk=organisation_id).first()
    standing = permissions.standing(by, organisation_id)
    if organisation is None or not standing.is_member:
        raise Http404("organisation")
    place = Place(by, organisation, standing, rights=standing.organisation)
    return _checked(place, needs, needs_admin=needs_admin)


def at_project(request: HttpRequest, project_id: int, *, needs: str = "", needs_admin: bool = False) -> Place:
    by = actor_of(request)
    project = (
        Project.live.filter(pk=project_id, organisation__deleted_at__isnull=True).select_related("organisation").first()
    )
    if project is None:
        raise Http404("project")
    standing = permissions.standing(by, project.organisation_id)
    rights = standing.at_project(project.pk)
    if not rights.include(permissions.VIEW_PROJECT):
        raise Http404("project")
    return _checked(Place(by, project.organisation, standing, project, rights=rights), needs, needs_admin=needs_admin)


def at_environment(
    request: HttpRequest, project_id: int, environment_key: str, *, needs: str = "", needs_admin: bool = False
) -> Place:
    by = actor_of(request)
    environment = environments.live().filter(api_key=environment_key, project_id=project_id).first()
    if environment is None:
        raise Http404("environment")
    project = environment.project
    standing = permissions.standing(by, project.organisation_id)
    rights = standing.at_environment(environment)
    if not rights.include(permissions.VIEW_ENVIRONMENT):
        raise Http404("environment")
    place = Place(by, project.organisation, standing, project, environment, rights)
    return _checked(place, needs, needs_admin=needs_admin)


def _checked(place: Place, needs: str, *, needs_admin: bool) -> Place:
    if place.organisation.force_2fa and place.by.user and not second_factors.has_one(place.by.user):
        raise SecondFactorNeeded(place.organisation)
    if needs_admin and not place.rights.is_admin:
        raise PermissionDenied("admin")
    if needs and not place.may(needs):
        raise PermissionDenied(needs)
    return place
