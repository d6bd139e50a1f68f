"""Who belongs to an organisation and in what role; for a project, who may do what in it."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import organisations as actions
from vexil.controlplane.dashboard import htmx, rendering
from vexil.controlplane.dashboard.invitations import shown_invitations
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation, at_project
from vexil.controlplane.db.models import Group, Membership
from vexil.controlplane.db.models.organisations import Role
from vexil.controlplane.queries import organisations as queries


def listed(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id)
    values = _members(request, place)
    if htmx.is_fragment(request):
        return rendering.fragment(request, "members/results.html", place, values)
    if place.is_organisation_admin:
        values |= shown_invitations(request, place)
    return rendering.page(request, "members/list.html", place, values)


def of_project(request: HttpRequest, project_id: int) -> HttpResponse:
    """Members and groups, each with a link to what they may do in this project."""
    place = at_project(request, project_id, needs_admin=True)
    groups = Group.objects.filter(organisation=place.organisation).order_by("name")
    values = _members(request, place) | {"groups": list(groups), "grant_place": f"project-{project_id}"}
    if htmx.is_fragment(request):
        return rendering.fragment(request, "members/results.html", place, values)
    return rendering.page(request, "members/project.html", place, values)


def set_role(request: HttpRequest, organisation_id: int, user_id: int) -> HttpResponse:
    place, membership = _found(request, organisation_id, user_id)
    role = Role.ADMIN if request.POST.get("role") == Role.ADMIN else Role.USER
    if role == Role.USER and _is_last_admin(membership):
        messages.error(request, "Somebody must stay administrator: make another member one first.")
    else:
        actions.set_role(membership, role, by=place.by)
        messages.success(
            request, f"{membership.user.email} is now {'administrator' if role == Role.ADMIN else 'member'}."
        )
    return rendering.done(request, list_url(organisation_id))


def remove(request: HttpRequest, organisation_id: int, user_id: int) -> HttpResponse:
    place, membership = _found(request, organisation_id, user_id)
    if _is_last_admin(membership):
        messages.error(request, "The last administrator cannot leave: make another member one first.")
        return rendering.done(request, list_url(organisation_id))
    actions.remove_member(place.organisation, membership.user, by=place.by)
    return rendering.done(request, list_url(organisation_id), f"{membership.user.email} is no longer a member.")


def list_url(organisation_id: int) -> str:
    return reverse("members", kwargs={"organisation_id": organisation_id})


def _members(request: HttpRequest, place: Place) -> dict[str, object]:
    search = request.GET.get("search", "").strip()
    members = queries.members_of(place.organisation).order_by("user__email")
    fits = (
        Q(user__email__icontains=search) | Q(user__first_name__icontains=search) | Q(user__last_name__icontains=search)
    )
    return {"page": paged(request, members.filter(fits)), "search": search, "may_manage": place.is_organisation_admin}


def _found(request: HttpRequest, organisation_id: int, user_id: int) -> tuple[Place, Membership]:
    place = at_organisation(request, organisation_id, needs_admin=True)
    membership = queries.members_of(place.organisation).select_related("organisation").filter(user_id=user_id).first()
    if membership is None:
        raise Http404("member")
    return place, membership


def _is_last_admin(membership: Membership) -> bool:
    others = Membership.objects.filter(organisation=membership.organisation, role=Role.ADMIN).exclude(pk=membership.pk)
    return membership.role == Role.ADMIN and not others.exists()


_MEMBERS = "organisation/<int:organisation_id>/permissions"

urlpatterns = [
    page(_MEMBERS, listed, "members"),
    page(f"{_MEMBERS}/members/<int:user_id>/role", set_role, "members-role", methods="POST"),
    page(f"{_MEMBERS}/members/<int:user_id>/remove", remove, "members-remove", methods="POST"),
    page("project/<int:project_id>/permissions", of_project, "project-permissions"),
]
