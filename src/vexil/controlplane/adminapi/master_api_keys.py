"""An organisation's keys for scripts ("master API keys"). For its admins only, and not for keys themselves."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import master_api_keys as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import UsersOnly, actor_of
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import MasterAPIKey
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import master_api_keys as queries


class MasterAPIKeySerializer(serializers.ModelSerializer[MasterAPIKey]):
    id = serializers.SerializerMethodField()
    name = serializers.CharField(max_length=50)
    has_expired = serializers.BooleanField(read_only=True)

    class Meta:
        model = MasterAPIKey
        fields = [
            "id",
            "prefix",
            "created",
            "name",
            "revoked",
            "expiry_date",
            "is_admin",
            "has_expired",
            "created_by",
        ]
        read_only_fields = ["prefix", "created", "created_by"]

    def get_id(self, key: MasterAPIKey) -> str:
        return f"{key.prefix}.{key.public_id}"


class MasterAPIKeys(APIView):
    permission_classes = [UsersOnly]

    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        pages = Pages()
        page = pages.paginate_queryset(queries.usable_keys(found), request)
        return pages.get_paginated_response(MasterAPIKeySerializer(page, many=True).data)

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.administered_organisation(by, organisation)
        form = MasterAPIKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key, text = actions.create(found, by=by, **form.validated_data)
        return Response({**MasterAPIKeySerializer(key).data, "key": text}, status=201)


class OneMasterAPIKey(APIView):
    permission_classes = [UsersOnly]

    def get(self, request: Request, organisation: str, prefix: str) -> Response:
        return Response(MasterAPIKeySerializer(_key(actor_of(request), organisation, prefix)).data)

    def put(self, request: Request, organisation: str, prefix: str) -> Response:
        return self._update(request, organisation, prefix, partial=False)

    def patch(self, request: Request, organisation: str, prefix: str) -> Response:
        return self._update(request, organisation, prefix, partial=True)

    def delete(self, request: Request, organisation: str, prefix: str) -> Response:
        by = actor_of(request)
        actions.delete(_key(by, organisation, prefix), by=by)
        return Response(status=204)

    def _update(self, request: Request, organisation: str, prefix: str, *, partial: bool) -> Response:
        by = actor_of(request)
        key = _key(by, organisation, prefix)
        form = MasterAPIKeySerializer(key, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(MasterAPIKeySerializer(actions.update(key, by=by, **form.validated_data)).data)


def _key(by: Actor, organisation: str, prefix: str) -> MasterAPIKey:
    found = lookups.administered_organisation(by, organisation)
    key = queries.usable_keys(found).filter(prefix=prefix).first()
    if key is None:
        raise errors.no_match("MasterAPIKey")
    return key


urlpatterns = [
    path("organisations/<str:organisation>/master-api-keys/", MasterAPIKeys),
    path("organisations/<str:organisation>/master-api-keys/<str:prefix>/", OneMasterAPIKey),
]
