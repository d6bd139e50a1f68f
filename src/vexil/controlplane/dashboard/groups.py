"""Groups of members, which are given rights together."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import groups as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation
from vexil.controlplane.db.models import Group, GroupMembership, User


class GroupForm(Form):
    name = forms.CharField(max_length=200)
    external_id = forms.CharField(required=False, max_length=255, help_text="What single sign-on calls this group.")
    is_default = forms.BooleanField(
        required=False, label="Default group", help_text="Everybody who joins gets into it."
    )


def listed(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id)
    groups = (
        permissions.manageable_groups(place.by, place.organisation).prefetch_related("memberships").order_by("name")
    )
    values = {"groups": [(group, len(group.memberships.all())) for group in groups], "may_manage": _may_manage(place)}
    return rendering.page(request, "groups/list.html", place, values)


def create(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs=permissions.MANAGE_USER_GROUPS)
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create(place.organisation, by=place.by, **_columns(form)))
        if made is not None:
            return rendering.done(request, _url(made), f"Group {made.name} created.")
    return rendering.form_page(request, "groups/create.html", place, form)


def shown(request: HttpRequest, organisation_id: int, group_id: int) -> HttpResponse:
    place, group = _found(request, organisation_id, group_id)
    form = GroupForm(request.POST or None, initial={name: getattr(group, name) for name in GroupForm.base_fields})
    if request.method == "POST" and form.is_valid():
        saved = form.attempt(lambda: actions.update(group, by=place.by, **_columns(form)))
        if saved is not None:
            return rendering.done(request, _url(group), "Group saved.")
    memberships = list(GroupMembership.objects.filter(group=group).select_related("user").order_by("user__email"))
    inside = {membership.user_id for membership in memberships}
    others = User.objects.filter(memberships__organisation=place.organisation).exclude(pk__in=inside).order_by("email")
    values = {
        "group": group,
        "memberships": memberships,
        "others": list(others),
        "may_grant": place.is_organisation_admin,
    }
    return rendering.form_page(request, "groups/group.html", place, form, values)


def change_members(request: HttpRequest, organisation_id: int, group_id: int) -> HttpResponse:
    """`add` or `remove` a user, or make one `admin` of the group or `member` again."""
    place, group = _found(request, organisation_id, group_id)
    what, user_id = request.POST.get("what", ""), int(request.POST.get("user", "0") or 0)
    if place.by.user is not None and user_id == place.by.user.pk and not place.is_organisation_admin:
        messages.error(request, "Nobody puts themselves into a group or takes themselves out of it.")
    elif what == "add":
        _attempt(request, lambda: actions.add_users(group, [user_id], by=place.by))
    elif what == "remove":
        _attempt(request, lambda: actions.remove_users(group, [user_id], by=place.by))
    else:
        membership = GroupMembership.objects.filter(group=group, user_id=user_id).first()
        if membership is not None:
            actions.set_admin(membership, is_admin=what == "admin", by=place.by)
    return rendering.done(request, _url(group))


def delete(request: HttpRequest, organisation_id: int, group_id: int) -> HttpResponse:
    place, group = _found(request, organisation_id, group_id)
    if not is_confirmed(request, group.name, "the group's name"):
        return rendering.done(request, _url(group))
    actions.delete(group, by=place.by)
    return rendering.done(request, _list_url(organisation_id), f"Group {group.name} deleted.")


def _attempt(request: HttpRequest, act: Any) -> None:
    try:
        act()
    except actions.NoMember:
        messages.error(request, "This person is no longer a member of the organisation.")


def _columns(form: GroupForm) -> dict[str, Any]:
    return {**form.cleaned_data, "external_id": form.cleaned_data["external_id"] or None}


def _found(request: HttpRequest, organisation_id: int, group_id: int) -> tuple[Place, Group]:
    place = at_organisation(request, organisation_id)
    group = permissions.manageable_groups(place.by, place.organisation).filter(pk=group_id).first()
    if group is None:
        raise Http404("group")
    return place, group


def _may_manage(place: Place) -> bool:
    return place.may(permissions.MANAGE_USER_GROUPS)


def _list_url(organisation_id: int) -> str:
    return reverse("groups", kwargs={"organisation_id": organisation_id})


def _url(group: Group) -> str:
    return reverse("groups-one", kwargs={"organisation_id": group.organisation_id, "group_id": group.pk})


_GROUPS = "organisation/<int:organisation_id>/groups"

urlpatterns = [
    page(_GROUPS, listed, "groups"),
    page(f"{_GROUPS}/create", create, "groups-create", methods="GET POST"),
    page(f"{_GROUPS}/<int:group_id>", shown, "groups-one", methods="GET POST"),
    page(f"{_GROUPS}/<int:group_id>/members", change_members, "groups-members", methods="POST"),
    page(f"{_GROUPS}/<int:group_id>/delete", delete, "groups-delete", methods="POST"),
]
