"""Custom fields of organisations and projects."""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import metadata_fields as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.pagination import SizedPages
from vexil.controlplane.adminapi.parsing import parent_id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import MetadataField, MetadataModelField, Organisation, Project
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import Actor

_ENTITIES = {
    "feature": ContentType.FEATURE,
    "segment": ContentType.SEGMENT,
    "environment": ContentType.ENVIRONMENT,
}


class FieldSerializer(serializers.ModelSerializer[MetadataField]):
    project: "serializers.PrimaryKeyRelatedField[Project]" = serializers.PrimaryKeyRelatedField(
        queryset=Project.live.all(), required=False, allow_null=True
    )

    class Meta:
        model = MetadataField
        fields = ["name", "type", "description", "project"]
        validators: list[Any] = []  # the action checks the name, and locks

    def validate_project(self, project: Project | None) -> Project | None:
        if project is not None and project.organisation_id != self.context["organisation_id"]:
            raise serializers.ValidationError(f'Invalid pk "{project.pk}" - object does not exist.')
        return project


class _Query(serializers.Serializer[Any]):
    organisation = Id()


class _ProjectQuery(serializers.Serializer[Any]):
    include_organisation = serializers.BooleanField(default=False)
    entity = serializers.ChoiceField(choices=list(_ENTITIES), required=False)


class Fields(APIView):
    def get(self, request: Request) -> Response:
        form = _Query(data=request.query_params)
        form.is_valid(raise_exception=True)
        organisation = lookups.joined_organisation(actor_of(request), str(form.validated_data["organisation"]))
        fields = _complete().filter(organisation=organisation, project=None)
        return _listed(request, self, fields)

    def post(self, request: Request) -> Response:
        by = actor_of(request)
        organisation = _organisation_to_add_to(by, request)
        form = FieldSerializer(data=request.data, context={"organisation_id": organisation.pk})
        form.is_valid(raise_exception=True)
        field = actions.create(organisation, by=by, **form.validated_data)
        return Response(field_json(field), status=201)


class OneField(APIView):
    def get(self, request: Request, field_id: int) -> Response:
        return Response(field_json(_find(actor_of(request), field_id)))

    def put(self, request: Request, field_id: int) -> Response:
        return self._update(request, field_id, partial=False)

    def patch(self, request: Request, field_id: int) -> Response:
        return self._update(request, field_id, partial=True)

    def delete(self, request: Request, field_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_find_to_change(by, field_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, field_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        field = _find_to_change(by, field_id)
        context = {"organisation_id": field.organisation_id}
        form = FieldSerializer(field, data=request.data, partial=partial, context=context)
        form.is_valid(raise_exception=True)
        return Response(field_json(actions.update(field, by=by, **form.validated_data)))


class FieldsOfProject(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        project = lookups.project(actor_of(request), project_id)
        form = _ProjectQuery(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        wanted = Q(project=project)
        if asked["include_organisation"]:
            wanted |= Q(project=None, organisation=project.organisation_id)
        fields = _complete().filter(wanted)
        if "entity" in asked:
            fields = fields.filter(model_fields__content_type=_ENTITIES[asked["entity"]])
        return _listed(request, self, fields)


def field_json(field: MetadataField) -> dict[str, Any]:
    model_fields = sorted(field.model_fields.all(), key=lambda row: row.pk)
    return {
        "id": field.pk,
        "name": field.name,
        "type": field.type,
        "description": field.description,
        "organisation": field.organisation_id,
        "project": field.project_id,
        "model_fields": [
            {"id": row.pk, "content_type": row.content_type, "is_required_for": places_json(row)}
            for row in model_fields
        ],
    }


def places_json(model_field: MetadataModelField) -> list[dict[str, int]]:
    places = sorted(model_field.is_required_for.all(), key=lambda row: row.pk)
    return [{"content_type": row.content_type, "object_id": row.object_id} for row in places]


def _complete() -> QuerySet[MetadataField]:
    """Two statements more, whatever their number."""
    model_fields = MetadataModelField.objects.prefetch_related("is_required_for")
    return MetadataField.objects.prefetch_related(Prefetch("model_fields", queryset=model_fields)).order_by("pk")


def _listed(request: Request, view: APIView, fields: QuerySet[MetadataField]) -> Response:
    pages = SizedPages()
    page = pages.paginate_queryset(fields, request, view=view) or []
    return pages.get_paginated_response([field_json(field) for field in page])


def _organisation_to_add_to(by: Actor, request: Request) -> Organisation:
    """403 for everything that is wrong. A project's admin may add fields of that project."""
    organisation_id, project_id = parent_id(request, "organisation"), parent_id(request, "project")
    organisation = permissions.organisations_of(by).filter(pk=organisation_id or 0).first()
    if organisation is None:
        raise PermissionDenied
    project = Project.live.filter(pk=project_id or 0, organisation=organisation).first()
    if not _may_change(by, organisation, project):
        raise PermissionDenied
    return organisation


def _may_change(by: Actor, organisation: Organisation, project: Project | None) -> bool:
    if permissions.is_organisation_admin(by, organisation):
        return True
    return project is not None and permissions.is_project_admin(by, project)


def _find(by: Actor, field_id: int) -> MetadataField:
    fields = _complete().select_related("organisation", "project")
    field = fields.filter(pk=field_id, organisation__in=permissions.organisations_of(by)).first()
    if field is None:
        raise errors.no_match("MetadataField")
    return field


def _find_to_change(by: Actor, field_id: int) -> MetadataField:
    field = _find(by, field_id)
    if not _may_change(by, field.organisation, field.project):
        raise PermissionDenied
    return field


urlpatterns = [
    path("metadata/fields/", Fields),
    path("metadata/fields/<id:field_id>/", OneField),
    path("projects/<id:project_id>/metadata/fields/", FieldsOfProject),
]
