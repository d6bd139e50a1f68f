"""Who looks after a feature: users and groups."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import features as actions
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_serializers import short_feature_json
from vexil.controlplane.adminapi.features import find, reloaded
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Feature, Group, Organisation, User
from vexil.controlplane.permissions import CREATE_FEATURE
from vexil.controlplane.queries import feature_belongings


class _Users(serializers.Serializer[Any]):
    user_ids = serializers.ListField(child=Id())


class _Groups(serializers.Serializer[Any]):
    group_ids = serializers.ListField(child=Id())


class _OwnersView(APIView):
    def post(self, request: Request, project_id: int, feature_id: int) -> Response:
        by = actor_of(request)
        feature = find(by, project_id, feature_id, CREATE_FEATURE)
        self.change(request, feature)
        changed = reloaded(feature)
        return Response(short_feature_json(changed, feature_belongings.of([changed])))

    def change(self, request: Request, feature: Any) -> None:
        raise NotImplementedError


class AddOwners(_OwnersView):
    def change(self, request: Request, feature: Any) -> None:
        actions.add_owners(feature, _users(request, feature), by=actor_of(request))


class RemoveOwners(_OwnersView):
    def change(self, request: Request, feature: Any) -> None:
        actions.remove_owners(feature, _users(request, feature), by=actor_of(request))


class AddGroupOwners(_OwnersView):
    def change(self, request: Request, feature: Any) -> None:
        groups = _groups(request, feature.project.organisation)
        actions.add_group_owners(feature, groups, by=actor_of(request))


class RemoveGroupOwners(_OwnersView):
    def change(self, request: Request, feature: Any) -> None:
        groups = _groups(request, feature.project.organisation)
        actions.remove_group_owners(feature, groups, by=actor_of(request))


def _users(request: Request, feature: Feature) -> list[User]:
    """Of the feature's organisation, and owners who have left it: of others nobody may learn so much as the name."""
    form = _Users(data=request.data)
    form.is_valid(raise_exception=True)
    wanted = set(form.validated_data["user_ids"])
    organisation = feature.project.organisation_id
    known = Q(memberships__organisation=organisation) | Q(owned_features=feature)
    users = list(User.objects.filter(known, pk__in=wanted).distinct())
    if len(users) < len(wanted):
        raise errors.invalid("Some users not found")
    return users


def _groups(request: Request, organisation: Organisation) -> list[Group]:
    form = _Groups(data=request.data)
    form.is_valid(raise_exception=True)
    wanted = set(form.validated_data["group_ids"])
    groups = list(Group.objects.filter(pk__in=wanted, organisation=organisation))
    if len(groups) < len(wanted):
        # compat: a list here, an object for users.
        raise ValidationError(["Some groups not found"])
    return groups


_FEATURE = "projects/<id:project_id>/features/<id:feature_id>"

urlpatterns = [
    path(f"{_FEATURE}/add-owners/", AddOwners),
    path(f"{_FEATURE}/remove-owners/", RemoveOwners),
    path(f"{_FEATURE}/add-group-owners/", AddGroupOwners),
    path(f"{_FEATURE}/remove-group-owners/", RemoveGroupOwners),
]
