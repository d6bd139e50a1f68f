"""Organisations and their members."""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import organisations as actions
from vexil.controlplane.adminapi import errors, lookups, permission_lists
from vexil.controlplane.adminapi.authentication import actor_of, user_of
from vexil.controlplane.adminapi.organisation_serializers import OrganisationSerializer
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.projects import ProjectSerializer
from vexil.controlplane.db.models import Organisation
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import organisations as queries


class Organisations(APIView):
    def get(self, request: Request) -> Response:
        by = actor_of(request)
        pages = Pages()
        page = pages.paginate_queryset(queries.with_details(permissions.organisations_of(by), by), request)
        return pages.get_paginated_response(OrganisationSerializer(page, many=True).data)

    def post(self, request: Request) -> Response:
        user = user_of(request)
        if settings.VEXIL.restrict_org_create_to_superusers and not user.is_superuser:
            raise PermissionDenied
        form = OrganisationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        organisation = actions.create(by=actor_of(request), **form.validated_data)
        # compat: the caller's role is null in this answer, and known from then on.
        return Response({**shown(organisation, actor_of(request)), "role": None}, status=201)


class OneOrganisation(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        return Response(shown(found, actor_of(request)))

    def put(self, request: Request, organisation: str) -> Response:
        return self._update(request, organisation, partial=False)

    def patch(self, request: Request, organisation: str) -> Response:
        return self._update(request, organisation, partial=True)

    def delete(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        actions.delete(found, by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, organisation: str, *, partial: bool) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        form = OrganisationSerializer(found, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        actions.update(found, by=actor_of(request), **form.validated_data)
        return Response(shown(found, actor_of(request)))


class OrganisationByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        found = permissions.organisations_of(actor_of(request)).filter(uuid=uuid).first()
        if found is None:
            raise errors.no_match("Organisation")
        return Response(shown(found, actor_of(request)))


class ProjectsOfOrganisation(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = permissions.organisations_of(by).filter(pk=lookups.organisation_id(organisation)).first()
        if found is None:
            raise errors.no_match("Organisation")
        projects = permissions.viewable_projects(by).filter(organisation=found).order_by("pk")
        return Response(ProjectSerializer(projects, many=True).data)


class OrganisationPermissions(APIView):
    def get(self, _request: Request) -> Response:
        return Response(permission_lists.described(permissions.ORGANISATION_PERMISSIONS))


class OwnOrganisationPermissions(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        permission_lists.refuse_key(by)
        found = lookups.joined_organisation(by, organisation)
        return Response(permission_lists.own(permissions.organisation_rights(by, found)))


def shown(organisation: Organisation, by: Actor) -> dict[str, Any]:
    row = queries.with_details(Organisation.objects.filter(pk=organisation.pk), by).get()
    return dict(OrganisationSerializer(row).data)


urlpatterns = [
    path("organisations/", Organisations),
    path("organisations/permissions/", OrganisationPermissions),
    path("organisations/get-by-uuid/<uuid:uuid>/", OrganisationByUuid),
    path("organisations/<str:organisation>/", OneOrganisation),
    path("organisations/<str:organisation>/projects/", ProjectsOfOrganisation),
    path("organisations/<str:organisation>/my-permissions/", OwnOrganisationPermissions),
]
