"""Issuers whose tokens an organisation takes in place of a key, and the exchange of such a token."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import trust_relationships as actions
from vexil.controlplane.adminapi import errors, lookups, throttling
from vexil.controlplane.adminapi.authentication import UsersOnly, actor_of
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import TrustRelationship
from vexil.controlplane.integrations.oidc import UntrustedToken
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import trust_relationships as queries
from vexil.wire.errors import explain


class ClaimRule(serializers.Serializer[None]):
    claim = serializers.CharField(max_length=255)
    values = serializers.ListField(child=serializers.CharField(max_length=500), min_length=1, max_length=100)


class TrustRelationshipSerializer(serializers.ModelSerializer[TrustRelationship]):
    claim_rules = ClaimRule(many=True, required=False)
    is_admin = serializers.BooleanField(source="master_api_key.is_admin")
    master_api_key_id = serializers.SerializerMethodField()
    master_api_key_prefix = serializers.CharField(source="master_api_key.prefix", read_only=True)

    class Meta:
        model = TrustRelationship
        fields = [
            "id",
            "name",
            "issuer",
            "audience",
            "claim_rules",
            "is_admin",
            "master_api_key_id",
            "master_api_key_prefix",
            "created_at",
            "created_by",
        ]
        read_only_fields = ["created_by"]

    def get_master_api_key_id(self, relationship: TrustRelationship) -> str:
        key = relationship.master_api_key
        return f"{key.prefix}.{key.public_id}"

    def changes(self) -> dict[str, Any]:
        """What was sent, as the actions take it."""
        given: dict[str, Any] = dict(self.validated_data)
        if "master_api_key" in given:
            given["is_admin"] = given.pop("master_api_key")["is_admin"]
        if "claim_rules" in given:
            given["claim_rules"] = [dict(rule) for rule in given["claim_rules"]]
        return given


class TrustRelationships(APIView):
    permission_classes = [UsersOnly]

    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        pages = Pages()
        page = pages.paginate_queryset(queries.of_organisation(found), request)
        return pages.get_paginated_response(TrustRelationshipSerializer(page, many=True).data)

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.administered_organisation(by, organisation)
        form = TrustRelationshipSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = actions.create(found, by=by, **form.changes())
        return Response(TrustRelationshipSerializer(made).data, status=201)


class OneTrustRelationship(APIView):
    permission_classes = [UsersOnly]

    def get(self, request: Request, organisation: str, relationship_id: int) -> Response:
        found = _found(actor_of(request), organisation, relationship_id)
        return Response(TrustRelationshipSerializer(found).data)

    def put(self, request: Request, organisation: str, relationship_id: int) -> Response:
        return self._update(request, organisation, relationship_id, partial=False)

    def patch(self, request: Request, organisation: str, relationship_id: int) -> Response:
        return self._update(request, organisation, relationship_id, partial=True)

    def delete(self, request: Request, organisation: str, relationship_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_found(by, organisation, relationship_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, organisation: str, relationship_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        found = _found(by, organisation, relationship_id)
        form = TrustRelationshipSerializer(found, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(TrustRelationshipSerializer(actions.update(found, by=by, **form.changes())).data)


class IssuedToken(serializers.Serializer[None]):
    token = serializers.CharField(max_length=20_000)


class Refused(AuthenticationFailed):
    """A token that opens nothing here, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.explanation = explain("untrusted_token")


class Exchange(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_scopes = {"POST": throttling.OIDC_EXCHANGE}

    def get_authenticate_header(self, _request: Request) -> str:
        return "Bearer"  # without one, the framework makes a 403 of the 401

    def post(self, request: Request) -> Response:
        form = IssuedToken(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            text = actions.exchange(form.validated_data["token"])
        except UntrustedToken as refusal:
            raise Refused(str(refusal)) from None
        seconds = settings.VEXIL.trust_relationship_token_seconds
        return Response({"access_token": text, "token_type": "Bearer", "expires_in": seconds})


def _found(by: Actor, organisation: str, relationship_id: int) -> TrustRelationship:
    place = lookups.administered_organisation(by, organisation)
    found = queries.of_organisation(place).filter(pk=relationship_id).first()
    if found is None:
        raise errors.no_match("TrustRelationship")
    return found


urlpatterns = [
    path("organisations/<str:organisation>/trust-relationships/", TrustRelationships),
    path("organisations/<str:organisation>/trust-relationships/<id:relationship_id>/", OneTrustRelationship),
    path("auth/oidc/token/", Exchange),
]
