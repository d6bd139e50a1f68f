"""Identities of an environment and their traits' owners."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import identities as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.pagination import SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment
from vexil.controlplane.permissions import MANAGE_IDENTITIES, VIEW_IDENTITIES, Actor
from vexil.controlplane.queries.identities import Identities as IdentityList
from vexil.stores.identities import Identity


class _Identity(serializers.Serializer[Any]):
    identifier = serializers.CharField(max_length=2000)


class Identities(APIView):
    def get(self, request: Request, environment_key: str) -> Response:
        environment = lookups.environment(actor_of(request), environment_key, VIEW_IDENTITIES)
        pages = SizedPages()
        page = pages.paginate_queryset(_wanted(request, environment), request, view=self) or []
        return pages.get_paginated_response([_json(identity) for identity in page])

    def post(self, request: Request, environment_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.environment(by, environment_key, MANAGE_IDENTITIES)
        return Response(_json(actions.create(environment, _identifier(request), by=by)), status=201)


class OneIdentity(APIView):
    def get(self, request: Request, environment_key: str, identity_id: int) -> Response:
        return Response(_json(find(actor_of(request), environment_key, identity_id, VIEW_IDENTITIES)[1]))

    def put(self, request: Request, environment_key: str, identity_id: int) -> Response:
        return self._update(request, environment_key, identity_id, partial=False)

    def patch(self, request: Request, environment_key: str, identity_id: int) -> Response:
        return self._update(request, environment_key, identity_id, partial=True)

    def delete(self, request: Request, environment_key: str, identity_id: int) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, MANAGE_IDENTITIES)
        actions.delete(environment, identity, by=by)
        return Response(status=204)

    def _update(self, request: Request, environment_key: str, identity_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, MANAGE_IDENTITIES)
        identifier = _identifier(request, partial=partial)
        if identifier not in (None, identity.identifier):
            identity = actions.rename(environment, identity, identifier, by=by)
        return Response(_json(identity))


def find(by: Actor, environment_key: str, identity_id: int, permission: str) -> tuple[Environment, Identity]:
    """An identity of an environment in which the caller holds the permission."""
    environment = lookups.environment(by, environment_key, permission)
    return environment, existing(environment, identity_id)


def existing(environment: Environment, identity_id: int) -> Identity:
    identity = stores.current().identities.get(environment.pk, identity_id)
    if identity is None:
        raise errors.no_match("Identity")
    return identity


def _identifier(request: Request, *, partial: bool = False) -> Any:
    form = _Identity(data=request.data, partial=partial)
    form.is_valid(raise_exception=True)
    return form.validated_data.get("identifier")


def _wanted(request: Request, environment: Environment) -> IdentityList:
    """In double quotes: exactly this identifier; without: those that contain the text."""
    text = request.query_params.get("q", "")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return IdentityList(environment.pk, exact=text[1:-1])
    return IdentityList(environment.pk, contains=text)


def _json(identity: Identity) -> dict[str, Any]:
    return {"id": identity.id, "identifier": identity.identifier, "environment": identity.environment_id}


urlpatterns = [
    path("environments/<str:environment_key>/identities/", Identities),
    path("environments/<str:environment_key>/identities/<id:identity_id>/", OneIdentity),
]
