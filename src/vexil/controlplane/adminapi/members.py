"""Who belongs to an organisation."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import organisations as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.organisation_serializers import LeavingUser, MemberSerializer, NewRole
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Membership, Organisation
from vexil.controlplane.queries import organisations as queries


class Members(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        members = queries.members_of(lookups.joined_organisation(by, organisation))
        if request.query_params.get("exclude_current", "").lower() == "true" and by.user:
            members = members.exclude(user=by.user)
        return Response(MemberSerializer(members, many=True).data)


class RoleOfMember(APIView):
    def post(self, request: Request, organisation: str, user_id: int) -> Response:
        by = actor_of(request)
        found = lookups.administered_organisation(by, organisation)
        membership = queries.members_of(found).select_related("organisation").filter(user_id=user_id).first()
        if membership is None:
            # compat: the reference's name for a user.
            raise errors.no_match("FFAdminUser")
        form = NewRole(data=request.data)
        form.is_valid(raise_exception=True)
        actions.set_role(membership, form.validated_data["role"], by=by)
        return Response(MemberSerializer(membership).data)


class RemovedMembers(APIView):
    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.administered_organisation(by, organisation)
        form = LeavingUser(data=request.data, many=True)
        form.is_valid(raise_exception=True)
        for membership in _members_named(found, [item["id"] for item in form.validated_data]):
            actions.remove_member(found, membership.user, by=by)
        return Response(form.data)


def _members_named(organisation: Organisation, user_ids: list[int]) -> list[Membership]:
    """All of them, or a refusal that names those who are none."""
    members = {row.user_id: row for row in queries.members_of(organisation).filter(user_id__in=user_ids)}
    faults: list[dict[str, Any]] = [
        {} if user_id in members else {"id": [f"User with id {user_id} does not exist"]} for user_id in user_ids
    ]
    if any(faults):
        raise ValidationError(faults)
    return list(members.values())


urlpatterns = [
    path("organisations/<str:organisation>/users/", Members),
    path("organisations/<str:organisation>/users/<id:user_id>/update-role/", RoleOfMember),
    path("organisations/<str:organisation>/remove-users/", RemovedMembers),
]
