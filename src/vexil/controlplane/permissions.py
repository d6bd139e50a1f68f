"""Who may do what: the one place that decides, for the Admin API and the dashboard alike.

Levels: organisation (admin by role, or single permissions), project and environment (admin, or single permissions).
An organisation's admin is admin of all its projects, a project's admin of all its environments. Grants to a user
and to the user's groups add up. Without membership: nothing.
Each decision runs at most four statements; for somebody's key it runs none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Value

from vexil.controlplane.db.models import (
    Environment,
    EnvironmentGrant,
    Group,
    GroupMembership,
    MasterAPIKey,
    Membership,
    Organisation,
    OrganisationGrant,
    Project,
    ProjectGrant,
    Role,
    User,
)

AnyGrant = OrganisationGrant | ProjectGrant | EnvironmentGrant


@dataclass(frozen=True, slots=True)
class Permission:
    """One right that can be granted; some can be limited to features with certain tags."""

    key: str
    description: str
    supports_tag: bool = False


CREATE_PROJECT = "CREATE_PROJECT"
MANAGE_USER_GROUPS = "MANAGE_USER_GROUPS"

VIEW_PROJECT = "VIEW_PROJECT"
CREATE_ENVIRONMENT = "CREATE_ENVIRONMENT"
DELETE_FEATURE = "DELETE_FEATURE"
CREATE_FEATURE = "CREATE_FEATURE"
EDIT_FEATURE = "EDIT_FEATURE"
MANAGE_SEGMENTS = "MANAGE_SEGMENTS"
VIEW_AUDIT_LOG = "VIEW_AUDIT_LOG"
MANAGE_TAGS = "MANAGE_TAGS"

VIEW_ENVIRONMENT = "VIEW_ENVIRONMENT"
UPDATE_FEATURE_STATE = "UPDATE_FEATURE_STATE"
MANAGE_IDENTITIES = "MANAGE_IDENTITIES"
VIEW_IDENTITIES = "VIEW_IDENTITIES"
CREATE_CHANGE_REQUEST = "CREATE_CHANGE_REQUEST"
APPROVE_CHANGE_REQUEST = "APPROVE_CHANGE_REQUEST"
MANAGE_SEGMENT_OVERRIDES = "MANAGE_SEGMENT_OVERRIDES"

ORGANISATION_PERMISSIONS = (
    Permission(CREATE_PROJECT, "Create projects in the organisation."),
    Permission(MANAGE_USER_GROUPS, "Manage the groups of the organisation and who is in them."),
)
PROJECT_PERMISSIONS = (
    Permission(VIEW_PROJECT, "View the project."),
    Permission(CREATE_ENVIRONMENT, "Create environments in the project."),
    Permission(DELETE_FEATURE, "Delete features of the project.", supports_tag=True),
    Permission(CREATE_FEATURE, "Create features in the project."),
    Permission(EDIT_FEATURE, "Change features of the project."),
    Permission(MANAGE_SEGMENTS, "Manage the segments of the project."),
    Permission(VIEW_AUDIT_LOG, "View the audit log of the project."),
    Permission(MANAGE_TAGS, "Manage the tags of the project."),
    Permission("MANAGE_PROJECT_LEVEL_CHANGE_REQUESTS", "Manage change requests of the project."),
    Permission("APPROVE_PROJECT_LEVEL_CHANGE_REQUESTS", "Approve change requests of the project."),
    Permission("CREATE_PROJECT_LEVEL_CHANGE_REQUESTS", "Create change requests in the project."),
)
ENVIRONMENT_PERMISSIONS = (
    Permission(VIEW_ENVIRONMENT, "View the environment."),
    Permission(UPDATE_FEATURE_STATE, "Change feature states of the environment.", supports_tag=True),
    Permission(MANAGE_IDENTITIES, "Manage the identities of the environment."),
    Permission(VIEW_IDENTITIES, "View the identities of the environment."),
    Permission(CREATE_CHANGE_REQUEST, "Create change requests in the environment.", supports_tag=True),
    Permission(APPROVE_CHANGE_REQUEST, "Approve change requests of the environment.", supports_tag=True),
    Permission(MANAGE_SEGMENT_OVERRIDES, "Manage segment overrides of the environment.", supports_tag=True),
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks or changes: a user, an organisation's key, or (neither) the system itself."""

    user: User | None = None
    master_api_key: MasterAPIKey | None = None


SYSTEM = Actor()


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do at one level: everything (`is_admin`), or what is named."""

    is_admin: bool = False
    keys: frozenset[str] = frozenset()

    def include(self, key: str) -> bool:
        return self.is_admin or key in self.keys


_ALL = Rights(is_admin=True)
_NONE = Rights()


@dataclass(frozen=True, slots=True)
class Standing:
    """All that somebody may do in one organisation, known at once: for pages, which ask for many rights."""

    role: str | None
    organisation: Rights
    projects: Mapping[int, Rights]
    environments: Mapping[int, Rights]
    """What is granted at single projects and environments, by id."""

    @property
    def is_member(self) -> bool:
        return self.role is not None

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    def at_project(self, project_id: int) -> Rights:
        return _ALL if self.is_admin else self.projects.get(project_id, _NONE)

    def at_environment(self, environment: Environment) -> Rights:
        is_admin = self.at_project(environment.project_id).is_admin
        return _ALL if is_admin else self.environments.get(environment.pk, _NONE)


def standing(actor: Actor, organisation_id: int) -> Standing:
    """One statement for an admin or a stranger, two for a member."""
    role = _role(actor, organisation_id)
    if role is None or role == Role.ADMIN or actor.user is None:
        return Standing(role, _ALL if role == Role.ADMIN else _NONE, {}, {})
    held = _held_by(actor.user)
    here = OrganisationGrant.objects.filter(held, organisation=organisation_id)
    projects = ProjectGrant.objects.filter(held, project__organisation=organisation_id)
    environments = EnvironmentGrant.objects.filter(held, environment__project__organisation=organisation_id)
    rows = _rows(here, "organisation", Value(value=False)).union(
        _rows(projects, "project"), _rows(environments, "environment"), all=True
    )
    found: dict[tuple[str, int], Rights] = {}
    for level, place_id, is_admin, keys in rows:
        known = found.get((level, place_id), _NONE)
        found[level, place_id] = Rights(known.is_admin or bool(is_admin), known.keys | frozenset(keys))
    at = {level: {place: rights for (of, place), rights in found.items() if of == level} for level in _LEVELS}
    return Standing(role, at["organisation"].get(organisation_id, _NONE), at["project"], at["environment"])


_LEVELS = ("organisation", "project", "environment")


def _rows(
    grants: QuerySet[Any], level: str, is_admin: Any = "is_admin"
) -> QuerySet[Any, tuple[str, int, bool, list[str]]]:
    """Where, whether as admin, and which rights."""
    return grants.values_list(Value(level), f"{level}_id", is_admin, "permissions")


def environments_seen(standing: Standing, project: Project) -> list[Environment]:
    """A project's live environments that somebody with this standing may view. One statement."""
    environments = Environment.live.filter(project=project).select_related("project").order_by("pk")
    return [seen for seen in environments if standing.at_environment(seen).include(VIEW_ENVIRONMENT)]


def is_member(actor: Actor, organisation: Organisation) -> bool:
    return _role(actor, organisation.pk) is not None


def is_organisation_admin(actor: Actor, organisation: Organisation) -> bool:
    return _role(actor, organisation.pk) == Role.ADMIN


def has_organisation_permission(actor: Actor, organisation: Organisation, key: str) -> bool:
    return organisation_rights(actor, organisation).include(key)


def is_project_admin(actor: Actor, project: Project) -> bool:
    return project_rights(actor, project).is_admin


def has_project_permission(actor: Actor, project: Project, key: str) -> bool:
    return project_rights(actor, project).include(key)


def is_environment_admin(actor: Actor, environment: Environment) -> bool:
    return environment_rights(actor, environment).is_admin


def has_environment_permission(actor: Actor, environment: Environment, key: str) -> bool:
    return environment_rights(actor, environment).include(key)


def organisation_rights(actor: Actor, organisation: Organisation) -> Rights:
    role = _role(actor, organisation.pk)
    if role == Role.ADMIN:
        return _ALL
    if role is None or actor.user is None:
        return _NONE
    return united(organisation_grants(actor.user, organisation))


def project_rights(actor: Actor, project: Project) -> Rights:
    role = _role(actor, project.organisation_id)
    if role == Role.ADMIN:
        return _ALL
    if role is None or actor.user is None:
        return _NONE
    return united(project_grants(actor.user, project))


def environment_rights(actor: Actor, environment: Environment) -> Rights:
    if is_project_admin(actor, environment.project):
        return _ALL
    if actor.user is None or not is_member(actor, environment.project.organisation):
        return _NONE
    return united(environment_grants(actor.user, environment))


def organisation_grants(user: User, organisation: Organisation) -> QuerySet[OrganisationGrant]:
    """A user's own and those of the user's groups. They count for members only."""
    return OrganisationGrant.objects.filter(_held_by(user), organisation=organisation)


def project_grants(user: User, project: Project) -> QuerySet[ProjectGrant]:
    return ProjectGrant.objects.filter(_held_by(user), project=project)


def environment_grants(user: User, environment: Environment) -> QuerySet[EnvironmentGrant]:
    return EnvironmentGrant.objects.filter(_held_by(user), environment=environment)


def united(grants: Iterable[AnyGrant]) -> Rights:
    """What grants give together."""
    held = list(grants)
    return Rights(any(grant.is_admin for grant in held), frozenset(key for grant in held for key in grant.permissions))


def manageable_groups(actor: Actor, organisation: Organisation) -> QuerySet[Group]:
    """Groups that somebody may see and change: all with MANAGE_USER_GROUPS, otherwise those that they lead."""
    groups = Group.objects.filter(organisation=organisation)
    if has_organisation_permission(actor, organisation, MANAGE_USER_GROUPS):
        return groups
    if actor.user is None or not is_member(actor, organisation):
        return groups.none()
    return groups.filter(memberships__user=actor.user, memberships__is_group_admin=True)


def organisations_of(actor: Actor) -> QuerySet[Organisation]:
    """The organisations that somebody belongs to."""
    if actor.master_api_key:
        return Organisation.live.filter(pk=actor.master_api_key.organisation_id)
    return Organisation.live.filter(memberships__user=actor.user) if actor.user else Organisation.live.none()


def administered_organisations(actor: Actor) -> QuerySet[Organisation]:
    """The organisations that somebody is admin of."""
    if actor.user is None:
        return Organisation.live.filter(pk__in=_administered_by_key(actor))
    return _joined(actor.user, Role.ADMIN)


def viewable_projects(actor: Actor) -> QuerySet[Project]:
    """Live projects in which somebody holds VIEW_PROJECT; building the set takes one statement."""
    projects = Project.live.filter(organisation__deleted_at__isnull=True)
    if actor.user is None:
        return projects.filter(organisation_id__in=_administered_by_key(actor))
    grants = ProjectGrant.objects.filter(_held_by(actor.user))
    granted = {grant.project_id for grant in grants if united([grant]).include(VIEW_PROJECT)}
    return projects.filter(
        Q(organisation__in=_joined(actor.user, Role.ADMIN)) | Q(pk__in=granted, organisation__in=_joined(actor.user))
    )


def viewable_environments(actor: Actor) -> QuerySet[Environment]:
    """Live environments in which somebody holds VIEW_ENVIRONMENT; building the set takes two statements."""
    environments = Environment.live.filter(
        project__deleted_at__isnull=True, project__organisation__deleted_at__isnull=True
    )
    if actor.user is None:
        return environments.filter(project__organisation_id__in=_administered_by_key(actor))
    administered = ProjectGrant.objects.filter(_held_by(actor.user), is_admin=True).values("project_id")
    grants = EnvironmentGrant.objects.filter(_held_by(actor.user))
    granted = {grant.environment_id for grant in grants if united([grant]).include(VIEW_ENVIRONMENT)}
    return environments.filter(
        Q(project__organisation__in=_joined(actor.user, Role.ADMIN))
        | Q(Q(project__in=administered) | Q(pk__in=granted), project__organisation__in=_joined(actor.user))
    )


def _role(actor: Actor, organisation_id: int) -> str | None:
    """Somebody's role in an organisation; None without membership. A key without `is_admin` is a plain member."""
    key = actor.master_api_key
    if key is not None:
        if key.organisation_id != organisation_id:
            return None
        return Role.ADMIN if key.is_admin else Role.USER
    if actor.user is None:
        return None
    memberships = Membership.objects.filter(
        user=actor.user, organisation_id=organisation_id, organisation__deleted_at__isnull=True
    )
    return memberships.values_list("role", flat=True).first()


def _held_by(user: User) -> Q:
    # Not by a join, for which both databases read the grants of everybody.
    groups = GroupMembership.objects.filter(user=user).values("group_id")
    return Q(user=user) | Q(group__in=groups)


def _joined(user: User, role: Role | None = None) -> QuerySet[Organisation]:
    memberships = {"memberships__user": user, "memberships__role": role} if role else {"memberships__user": user}
    return Organisation.live.filter(**memberships)


def _administered_by_key(actor: Actor) -> list[int]:
    key = actor.master_api_key
    return [key.organisation_id] if key and key.is_admin else []
