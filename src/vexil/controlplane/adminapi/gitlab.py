"""What a project's GitLab has: its projects, issues and merge requests, to choose from."""

from typing import Any
from urllib.parse import urlencode

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import integration_requests
from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Integration
from vexil.controlplane.integrations.catalogue import GITLAB
from vexil.controlplane.integrations.gitlab import projects as gitlab
from vexil.controlplane.integrations.outgoing import Answer, Unreachable
from vexil.controlplane.integrations.requests import Request as Outgoing
from vexil.controlplane.queries import integrations as queries


class _Page(serializers.Serializer[Any]):
    page = serializers.IntegerField(default=1, min_value=1, max_value=100_000)
    page_size = serializers.IntegerField(default=100, min_value=1, max_value=100)


class _Search(_Page):
    gitlab_project_id = serializers.IntegerField()
    search_text = serializers.CharField(required=False, allow_blank=True)
    state = serializers.CharField(default="opened")


class Projects(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        integration, query = _asked(request, project_id, _Page)
        return _page(request, query, gitlab.projects_request(integration.settings, **query), gitlab.project_json)


class Issues(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        integration, query = _asked(request, project_id, _Search)
        asked = gitlab.search_request(integration.settings, "issues", query)
        return _page(request, query, asked, gitlab.resource_json)


class MergeRequests(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        integration, query = _asked(request, project_id, _Search)
        asked = gitlab.search_request(integration.settings, "merge_requests", query)
        return _page(request, query, asked, gitlab.resource_json)


def _asked(request: Request, project_id: int, form: type[_Page]) -> tuple[Integration, dict[str, Any]]:
    integration = queries.of_place(lookups.project(actor_of(request), project_id), GITLAB).first()
    if integration is None:
        raise ValidationError({"detail": "This project has no GitLab configuration"})
    query = form(data=request.query_params)
    query.is_valid(raise_exception=True)
    return integration, query.validated_data


def _page(request: Request, query: dict[str, Any], asked: Outgoing, shape: Any) -> Response:
    try:
        found, answer = integration_requests.ask_with_headers(asked)
    except Unreachable:
        return Response({"detail": "GitLab API is unreachable"}, status=503)
    page, pages = query["page"], _number(answer, "x-total-pages")
    return Response(
        {
            "count": _number(answer, "x-total"),
            "next": _url(request, page + 1) if page < pages else None,
            "previous": _url(request, page - 1) if page > 1 else None,
            "results": [shape(row) for row in found],
        }
    )


def _url(request: Request, page: int) -> str:
    query = {**request.query_params.dict(), "page": page}
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")


def _number(answer: Answer, header: str) -> int:
    text = answer.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() else 0


_OWN = "projects/<id:project_id>/gitlab/"

urlpatterns = [
    path(f"{_OWN}projects/", Projects),
    path(f"{_OWN}issues/", Issues),
    path(f"{_OWN}merge-requests/", MergeRequests),
]
