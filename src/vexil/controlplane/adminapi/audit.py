"""The audit log of a project, of an organisation, and of all that the caller administers."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.pagination import SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import AuditRecord
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import audit as queries
from vexil.controlplane.queries.audit_items import items

_ID_MAX = 2**63 - 1


class _Query(serializers.Serializer[Any]):
    project = serializers.IntegerField(required=False, min_value=0, max_value=_ID_MAX)
    environments = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=_ID_MAX), required=False)
    is_system_event = serializers.BooleanField(required=False, allow_null=True)
    search = serializers.CharField(required=False, allow_blank=True, max_length=256)

    def filters(self) -> queries.Filters:
        self.is_valid(raise_exception=True)
        asked = self.validated_data
        return queries.Filters(
            project_id=asked.get("project"),
            environment_ids=asked.get("environments", ()),
            is_system_event=asked.get("is_system_event"),
            search=asked.get("search", ""),
        )


class _AuditLog(APIView):
    """A list, and one record of it; who may see which records is said below."""

    def records(self, by: Actor, **named: Any) -> QuerySet[AuditRecord]:
        raise NotImplementedError

    def get(self, request: Request, record_id: int | None = None, **named: Any) -> Response:
        records = self.records(actor_of(request), **named)
        if record_id is not None:
            return Response(_one(records, record_id))
        pages = SizedPages()
        filters = _Query(data=request.query_params).filters()
        page = pages.paginate_queryset(queries.narrowed(records, filters), request, view=self) or []
        return pages.get_paginated_response(items(page))


class AuditLogOfProject(_AuditLog):
    def records(self, by: Actor, **named: Any) -> QuerySet[AuditRecord]:
        return queries.of_project(
            lookups.project_to_add_to(by, named["project_id"], permissions.VIEW_AUDIT_LOG), now=timezone.now()
        )


class AuditLogOfOrganisation(_AuditLog):
    def records(self, by: Actor, **named: Any) -> QuerySet[AuditRecord]:
        return queries.of_organisations(
            [lookups.administered_organisation(by, named["organisation_id"])], now=timezone.now()
        )


class AuditLogOfAll(_AuditLog):
    def records(self, by: Actor, **_named: Any) -> QuerySet[AuditRecord]:
        return queries.of_organisations(permissions.administered_organisations(by), now=timezone.now())


def _one(records: QuerySet[AuditRecord], record_id: int) -> dict[str, Any]:
    record = records.filter(pk=record_id).first()
    if record is None:
        raise errors.no_match("AuditLog")
    (item,) = items([record])
    return {**item, "change_details": record.change_details, "change_type": record.change_type}


_PROJECT = "projects/<id:project_id>/audit/"
_ORGANISATION = "organisations/<str:organisation_id>/audit/"

urlpatterns = [
    path(_PROJECT, AuditLogOfProject),
    path(f"{_PROJECT}<id:record_id>/", AuditLogOfProject),
    path(_ORGANISATION, AuditLogOfOrganisation),
    path(f"{_ORGANISATION}<id:record_id>/", AuditLogOfOrganisation),
    path("audit/", AuditLogOfAll),
    path("audit/<id:record_id>/", AuditLogOfAll),
]
