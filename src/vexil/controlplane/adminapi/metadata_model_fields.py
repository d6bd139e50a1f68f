"""What custom fields can be set on, and where they must be."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import metadata_fields as actions
from vexil.controlplane.actions.metadata_fields import Place
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.metadata_fields import places_json
from vexil.controlplane.adminapi.nested_bodies import Entry, Id, NestedBody
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import MetadataField, MetadataModelField, Organisation
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import Actor

_APPS = {
    ContentType.ORGANISATION: "organisations",
    ContentType.PROJECT: "projects",
    ContentType.ENVIRONMENT: "environments",
    ContentType.FEATURE: "features",
    ContentType.SEGMENT: "segments",
}
_PLACES = (ContentType.ORGANISATION, ContentType.PROJECT)
_CARRIERS = ("environment", "feature", "segment")


class _ContentType(serializers.Field[int, Any, int, Any]):
    """One of ours by its id."""

    def to_internal_value(self, data: Any) -> int:
        if data not in ContentType.values:
            raise serializers.ValidationError(f'Invalid pk "{data}" - object does not exist.')
        return int(data)


class _PlaceEntry(Entry):
    content_type = _ContentType()
    object_id = Id()


class ModelFieldSerializer(NestedBody):
    field: "serializers.PrimaryKeyRelatedField[MetadataField]" = serializers.PrimaryKeyRelatedField(
        queryset=MetadataField.objects.select_related("organisation", "project")
    )
    content_type = _ContentType()
    is_required_for = _PlaceEntry(many=True, required=False)

    def validate_field(self, field: MetadataField) -> MetadataField:
        if field.organisation_id != self.context["organisation"].pk:
            raise serializers.ValidationError(f'Invalid pk "{field.pk}" - object does not exist.')
        return field

    def places(self) -> list[Place] | None:
        sent = self.validated_data.get("is_required_for")
        return None if sent is None else [Place(**place) for place in sent]


class _ModelQuery(serializers.Serializer[Any]):
    model_name = serializers.ChoiceField(choices=_CARRIERS)


class _Filter(serializers.Serializer[Any]):
    content_type = Id(required=False)


class ModelFields(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.joined_organisation(actor_of(request), organisation)
        form = _Filter(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        pages = Pages()
        page = pages.paginate_queryset(_of(found).filter(**form.validated_data), request, view=self) or []
        return pages.get_paginated_response([model_field_json(row) for row in page])

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.administered_organisation(by, organisation)
        form = ModelFieldSerializer(data=request.data, context={"organisation": found})
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        made = actions.create_model_field(sent["field"], sent["content_type"], form.places() or [], by=by)
        return Response(model_field_json(made), status=201)


class OneModelField(APIView):
    def get(self, request: Request, organisation: str, model_field_id: int) -> Response:
        found = lookups.joined_organisation(actor_of(request), organisation)
        return Response(model_field_json(_find(found, model_field_id)))

    def put(self, request: Request, organisation: str, model_field_id: int) -> Response:
        return self._update(request, organisation, model_field_id, partial=False)

    def patch(self, request: Request, organisation: str, model_field_id: int) -> Response:
        return self._update(request, organisation, model_field_id, partial=True)

    def delete(self, request: Request, organisation: str, model_field_id: int) -> Response:
        by = actor_of(request)
        actions.delete_model_field(_find_to_change(by, organisation, model_field_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, organisation: str, model_field_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        row = _find_to_change(by, organisation, model_field_id)
        context = {"patch": partial, "organisation": row.field.organisation}
        form = ModelFieldSerializer(row, data=request.data, context=context)
        form.is_valid(raise_exception=True)
        changes = {name: value for name, value in form.validated_data.items() if name != "is_required_for"}
        return Response(model_field_json(actions.update_model_field(row, form.places(), by=by, **changes)))


class SupportedContentTypes(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        lookups.joined_organisation(actor_of(request), organisation)
        return Response([_content_type_json(kind) for kind in ContentType])


class SupportedPlaces(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        lookups.joined_organisation(actor_of(request), organisation)
        _ModelQuery(data=request.query_params.dict()).is_valid(raise_exception=True)
        return Response([_content_type_json(kind) for kind in _PLACES])


def model_field_json(row: MetadataModelField) -> dict[str, Any]:
    return {
        "id": row.pk,
        "field": row.field_id,
        "content_type": row.content_type,
        "is_required_for": places_json(row),
    }


def _content_type_json(kind: ContentType) -> dict[str, Any]:
    return {"id": kind.value, "app_label": _APPS[kind], "model": kind.name.lower()}


def _of(organisation: Organisation) -> QuerySet[MetadataModelField]:
    rows = MetadataModelField.objects.filter(field__organisation=organisation)
    return (
        rows.select_related("field__organisation", "field__project").prefetch_related("is_required_for").order_by("pk")
    )


def _find(organisation: Organisation, model_field_id: int) -> MetadataModelField:
    row = _of(organisation).filter(pk=model_field_id).first()
    if row is None:
        raise errors.no_match("MetadataModelField")
    return row


def _find_to_change(by: Actor, organisation: str, model_field_id: int) -> MetadataModelField:
    return _find(lookups.administered_organisation(by, organisation), model_field_id)


_MODEL_FIELDS = "organisations/<str:organisation>/metadata-model-fields/"

urlpatterns = [
    path(_MODEL_FIELDS, ModelFields),
    path(f"{_MODEL_FIELDS}supported-content-types/", SupportedContentTypes),
    path(f"{_MODEL_FIELDS}supported-required-for-models/", SupportedPlaces),
    path(f"{_MODEL_FIELDS}<id:model_field_id>/", OneModelField),
]
