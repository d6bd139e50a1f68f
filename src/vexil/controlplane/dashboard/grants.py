"""What one user or one group may do, place by place: the organisation, its projects, their environments."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import grants as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.pages import with_query
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation
from vexil.controlplane.db.models import Environment, Group, Organisation, Project, User
from vexil.controlplane.permissions import AnyGrant, Permission

_RIGHTS: dict[str, tuple[Permission, ...]] = {
    "organisation": permissions.ORGANISATION_PERMISSIONS,
    "project": permissions.PROJECT_PERMISSIONS,
    "environment": permissions.ENVIRONMENT_PERMISSIONS,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that the person who looks may grant at; `level` is how deep it lies, from 0."""

    key: str
    label: str
    level: int
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class RightRow:
    key: str
    description: str
    is_held: bool
    sources: str
    """Groups that give it as well."""


def edit(request: HttpRequest, organisation_id: int, kind: str, holder_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id)
    holder = _holder(place, kind, holder_id)
    choices, where = _choices(request, place)
    if where is None:
        raise PermissionDenied("admin")
    level = actions.level_of(where)
    if request.method == "POST":
        held = [right.key for right in _RIGHTS[level] if request.POST.get(right.key) == "on"]
        is_admin = request.POST.get("is_admin") == "on" and level != "organisation"
        actions.put(where, holder, is_admin=is_admin, permissions=held, by=place.by)
        return rendering.done(request, with_query(request), f"Rights of {_name(holder)} saved.")
    own, of_groups = _grants(where, holder)
    values = {
        "holder": holder,
        "holder_name": _name(holder),
        "kind": kind,
        "choices": choices,
        "where": where,
        "level": level,
        "is_admin": any(grant.is_admin for grant in own),
        "admin_sources": _names([grant for grant in of_groups if grant.is_admin]),
        "rows": [_row(right, own, of_groups) for right in _RIGHTS[level]],
        "is_organisation_admin": isinstance(holder, User)
        and permissions.is_organisation_admin(permissions.Actor(user=holder), place.organisation),
    }
    return rendering.page(request, "members/grants.html", place, values)


def _choices(request: HttpRequest, place: Place) -> tuple[list[Choice], Organisation | Project | Environment | None]:
    """Where one may grant, in the order of the tree, and the place that the query names. Two statements."""
    projects = Project.live.filter(organisation=place.organisation).order_by("name")
    environments: dict[int, list[Environment]] = {}
    for environment in (
        Environment.live.filter(project__in=projects).select_related("project__organisation").order_by("pk")
    ):
        environments.setdefault(environment.project_id, []).append(environment)
    found: list[tuple[str, str, int, Organisation | Project | Environment]] = []
    if place.is_organisation_admin:
        found.append(("organisation", place.organisation.name, 0, place.organisation))
    for project in projects:
        if place.standing.at_project(project.pk).is_admin:
            found.append((f"project-{project.pk}", project.name, 1, project))
        found += [
            (f"environment-{environment.pk}", environment.name, 2, environment)
            for environment in environments.get(project.pk, [])
            if place.standing.at_environment(environment).is_admin
        ]
    wanted = request.GET.get("place") or (found[0][0] if found else "")
    choices = [
        Choice(key, label, level, with_query(request, place=key), key == wanted) for key, label, level, _ in found
    ]
    return choices, next((where for key, _, _, where in found if key == wanted), None)


def _holder(place: Place, kind: str, holder_id: int) -> User | Group:
    holder: User | Group | None
    if kind == "user":
        holder = User.objects.filter(memberships__organisation=place.organisation, pk=holder_id).first()
    else:
        holder = Group.objects.filter(organisation=place.organisation, pk=holder_id).first()
    if holder is None:
        raise Http404(kind)
    return holder


def _grants(where: Organisation | Project | Environment, holder: User | Group) -> tuple[list[AnyGrant], list[AnyGrant]]:
    """The holder's own grants there, and those of a user's groups. At most two statements."""
    at = actions.grants_at(where)
    if isinstance(holder, Group):
        return list(at.filter(group=holder)), []
    return list(at.filter(user=holder)), list(at.filter(group__memberships__user=holder).select_related("group"))


def _row(right: Permission, own: list[AnyGrant], of_groups: list[AnyGrant]) -> RightRow:
    giving = [grant for grant in of_groups if right.key in grant.permissions]
    return RightRow(right.key, right.description, any(right.key in grant.permissions for grant in own), _names(giving))


def _names(grants: list[AnyGrant]) -> str:
    return ", ".join(grant.group.name for grant in grants if grant.group is not None)


def _name(holder: User | Group) -> str:
    return holder.email if isinstance(holder, User) else holder.name


def url_of(organisation_id: int, kind: str, holder_id: int) -> str:
    parts = {"organisation_id": organisation_id, "kind": kind, "holder_id": holder_id}
    return reverse("members-grants", kwargs=parts)


urlpatterns = [
    page(
        "organisation/<int:organisation_id>/permissions/<str:kind>/<int:holder_id>",
        edit,
        "members-grants",
        methods="GET POST",
    )
]
