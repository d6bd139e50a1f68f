"""What rights a user has at a place, and where each of them comes from."""

from collections.abc import Sequence
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions.grants import organisation_of
from vexil.controlplane.adminapi import errors, levels, permission_lists
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.levels import Level
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Organisation, User
from vexil.controlplane.permissions import Actor, AnyGrant, Rights


class DetailedPermissions(APIView):
    """Of oneself, or of anybody for an admin of the place."""

    level: Level = levels.ORGANISATION

    def get(self, request: Request, place: Any, user_id: int) -> Response:
        by = actor_of(request)
        found = self.level.visible(by, place)
        if (by.user is None or by.user.pk != user_id) and not self._is_admin(by, found):
            raise PermissionDenied
        user = member(organisation_of(found), user_id)
        rights = self.level.rights(Actor(user=user), found)
        return Response(explained(rights, list(self.level.grants(user, found).select_related("group").order_by("pk"))))

    def _is_admin(self, by: Actor, place: Any) -> bool:
        return self.level.rights(by, place).is_admin


class AllUserPermissions(APIView):
    """compat: the same as `my-permissions`, asked by an admin about somebody else."""

    level: Level = levels.PROJECT

    def get(self, request: Request, place: Any, user_id: int) -> Response:
        found = self.level.administered(actor_of(request), place)
        user = member(organisation_of(found), user_id)
        return Response(permission_lists.own(self.level.rights(Actor(user=user), found)))


def member(organisation: Organisation, user_id: int) -> User:
    user = User.objects.filter(memberships__organisation=organisation, pk=user_id).first()
    if user is None:
        # compat: the reference's name for a user.
        raise errors.no_match("FFAdminUser")
    return user


def explained(rights: Rights, grants: Sequence[AnyGrant]) -> dict[str, Any]:
    """Rights of an admin above this place count as given directly."""
    own = [grant for grant in grants if grant.user_id is not None]
    of_groups = [grant for grant in grants if grant.group_id is not None]
    admin_groups = [grant for grant in of_groups if grant.is_admin]
    return {
        "admin": rights.is_admin,
        "is_directly_granted": any(grant.is_admin for grant in own) or (rights.is_admin and not admin_groups),
        "derived_from": _derived_from(admin_groups),
        "permissions": [
            {
                "permission_key": key,
                "is_directly_granted": any(key in grant.permissions for grant in own),
                "derived_from": _derived_from([grant for grant in of_groups if key in grant.permissions]),
            }
            for key in dict.fromkeys(key for grant in [*own, *of_groups] for key in grant.permissions)
        ],
    }


def _derived_from(grants: Sequence[AnyGrant]) -> dict[str, Any]:
    groups = [grant.group for grant in grants if grant.group is not None]
    return {"groups": [{"id": group.pk, "name": group.name} for group in groups], "roles": []}


_DETAILED = "user-detailed-permissions/<id:user_id>/"

urlpatterns = [
    path(f"organisations/<str:place>/{_DETAILED}", DetailedPermissions, level=levels.ORGANISATION),
    path(f"projects/<id:place>/{_DETAILED}", DetailedPermissions, level=levels.PROJECT),
    path(f"environments/<str:place>/{_DETAILED}", DetailedPermissions, level=levels.ENVIRONMENT),
    path("projects/<id:place>/all-user-permissions/<id:user_id>/", AllUserPermissions),
]
