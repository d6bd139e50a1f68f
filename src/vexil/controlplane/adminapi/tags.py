"""Tags of a project."""

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import tags as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Project, Tag
from vexil.controlplane.permissions import MANAGE_TAGS


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = [
            "id",
            "label",
            "color",
            "description",
            "project",
            "uuid",
            "is_permanent",
            "is_system_tag",
            "type",
        ]
        read_only_fields = ["project", "is_system_tag", "type"]


class Tags(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        project = lookups.listed_project(actor_of(request), project_id)
        pages = Pages()
        page = pages.paginate_queryset(Tag.objects.filter(project=project).order_by("pk"), request)
        return pages.get_paginated_response(TagSerializer(page, many=True).data)

    def post(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, project_id, MANAGE_TAGS)
        form = TagSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(TagSerializer(actions.create(project, by=by, **form.validated_data)).data, status=201)


class OneTag(APIView):
    def get(self, request: Request, project_id: int, tag_id: int) -> Response:
        return Response(TagSerializer(_tag(lookups.project(actor_of(request), project_id), pk=tag_id)).data)

    def put(self, request: Request, project_id: int, tag_id: int) -> Response:
        return self._update(request, project_id, tag_id, partial=False)

    def patch(self, request: Request, project_id: int, tag_id: int) -> Response:
        return self._update(request, project_id, tag_id, partial=True)

    def delete(self, request: Request, project_id: int, tag_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_tag(lookups.project(by, project_id, MANAGE_TAGS), pk=tag_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, project_id: int, tag_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        tag = _tag(lookups.project(by, project_id, MANAGE_TAGS), pk=tag_id)
        form = TagSerializer(tag, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(TagSerializer(actions.update(tag, by=by, **form.validated_data)).data)


class TagByUuid(APIView):
    def get(self, request: Request, project_id: int, uuid: UUID) -> Response:
        return Response(TagSerializer(_tag(lookups.project(actor_of(request), project_id), uuid=uuid)).data)


def _tag(project: Project, **named: int | UUID) -> Tag:
    tag = Tag.objects.select_related("project").filter(project=project, **named).first()
    if tag is None:
        raise errors.no_match("Tag")
    return tag


urlpatterns = [
    path("projects/<id:project_id>/tags/", Tags),
    path("projects/<id:project_id>/tags/get-by-uuid/<uuid:uuid>/", TagByUuid),
    path("projects/<id:project_id>/tags/<id:tag_id>/", OneTag),
]
