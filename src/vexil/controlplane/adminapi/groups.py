"""Groups of an organisation's members."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import groups as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of, user_of
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Group, GroupMembership, Organisation, User
from vexil.controlplane.permissions import MANAGE_USER_GROUPS, Actor
from vexil.controlplane.queries import groups as queries


class GroupMemberSerializer(serializers.ModelSerializer[GroupMembership]):
    id = serializers.IntegerField(source="user_id")
    email = serializers.CharField(source="user.email")
    first_name = serializers.CharField(source="user.first_name")
    last_name = serializers.CharField(source="user.last_name")
    last_login = serializers.DateTimeField(source="user.last_login")
    group_admin = serializers.BooleanField(source="is_group_admin")

    class Meta:
        model = GroupMembership
        fields = ["id", "email", "first_name", "last_name", "last_login", "group_admin"]


class GroupSerializer(serializers.ModelSerializer[Group]):
    users = GroupMemberSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = Group
        fields = ["id", "name", "users", "is_default", "external_id"]
        validators: list[Any] = []  # the action checks the external id, and locks


class GroupNameSerializer(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ["id", "name"]


class _Users(serializers.Serializer[None]):
    user_ids = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=2**63 - 1))


class Groups(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.joined_organisation(by, organisation)
        pages = Pages()
        groups = queries.with_members(permissions.manageable_groups(by, found))
        return pages.get_paginated_response(GroupSerializer(pages.paginate_queryset(groups, request), many=True).data)

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.joined_organisation(by, organisation)
        if not permissions.has_organisation_permission(by, found, MANAGE_USER_GROUPS):
            raise PermissionDenied
        form = GroupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_shown(actions.create(found, by=by, **form.validated_data)), status=201)


class OneGroup(APIView):
    def get(self, request: Request, organisation: str, group_id: int) -> Response:
        return Response(_shown(_group(actor_of(request), organisation, group_id)))

    def put(self, request: Request, organisation: str, group_id: int) -> Response:
        return self._update(request, organisation, group_id, partial=False)

    def patch(self, request: Request, organisation: str, group_id: int) -> Response:
        return self._update(request, organisation, group_id, partial=True)

    def delete(self, request: Request, organisation: str, group_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_group(by, organisation, group_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, organisation: str, group_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        group = _group(by, organisation, group_id)
        form = GroupSerializer(group, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(_shown(actions.update(group, by=by, **form.validated_data)))


class AddUsers(APIView):
    def post(self, request: Request, organisation: str, group_id: int) -> Response:
        by = actor_of(request)
        group = _group(by, organisation, group_id)
        actions.add_users(group, _user_ids(request, group.organisation), by=by)
        return Response(_shown(group))


class RemoveUsers(APIView):
    def post(self, request: Request, organisation: str, group_id: int) -> Response:
        by = actor_of(request)
        group = _group(by, organisation, group_id)
        actions.remove_users(group, _user_ids(request, group.organisation), by=by)
        return Response(_shown(group))


class MakeAdmin(APIView):
    is_admin = True

    def post(self, request: Request, organisation: str, group_id: int, user_id: int) -> Response:
        by = actor_of(request)
        group = _group(by, organisation, group_id)
        membership = GroupMembership.objects.select_related("group__organisation").filter(group=group, user_id=user_id)
        found = membership.first()
        if found is None:
            # compat: the reference's name for a user.
            raise errors.no_match("FFAdminUser")
        actions.set_admin(found, is_admin=self.is_admin, by=by)
        return Response()


class RemoveAdmin(MakeAdmin):
    is_admin = False


class OwnGroups(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        user = user_of(request)
        found = lookups.joined_organisation(actor_of(request), organisation)
        pages = Pages()
        page = pages.paginate_queryset(queries.groups_of(user, found), request)
        return pages.get_paginated_response(GroupNameSerializer(page, many=True).data)


class GroupSummaries(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.joined_organisation(actor_of(request), organisation)
        return Response(GroupNameSerializer(Group.objects.filter(organisation=found).order_by("pk"), many=True).data)


def _group(by: Actor, organisation: str, group_id: int) -> Group:
    found = lookups.joined_organisation(by, organisation)
    group = permissions.manageable_groups(by, found).select_related("organisation").filter(pk=group_id).first()
    if group is None:
        # compat: the reference's name for a group.
        raise errors.no_match("UserPermissionGroup")
    return group


def _user_ids(request: Request, organisation: Organisation) -> list[int]:
    """Who only leads or manages groups cannot put themselves in or out: that would be taking rights."""
    by = actor_of(request)
    form = _Users(data=request.data)
    form.is_valid(raise_exception=True)
    ids: list[int] = form.validated_data["user_ids"]
    own: User | None = by.user
    if own is not None and own.pk in ids and not permissions.is_organisation_admin(by, organisation):
        raise PermissionDenied
    return ids


def _shown(group: Group) -> dict[str, Any]:
    return dict(GroupSerializer(queries.with_members(Group.objects.filter(pk=group.pk)).get()).data)


_GROUPS = "organisations/<str:organisation>/groups/"
_ONE = f"{_GROUPS}<id:group_id>/"

urlpatterns = [
    path(_GROUPS, Groups),
    path(f"{_GROUPS}my-groups/", OwnGroups),
    path(f"{_GROUPS}summaries/", GroupSummaries),
    path(_ONE, OneGroup),
    path(f"{_ONE}add-users/", AddUsers),
    path(f"{_ONE}remove-users/", RemoveUsers),
    # compat: these two end without a slash.
    path(f"{_ONE}users/<id:user_id>/make-admin", MakeAdmin),
    path(f"{_ONE}users/<id:user_id>/remove-admin", RemoveAdmin),
]
