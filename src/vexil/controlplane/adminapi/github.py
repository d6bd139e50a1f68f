"""GitHub: the repositories of an organisation, what they have to choose from, and what GitHub tells us."""

import hashlib
import hmac
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import cleanup_issues, github_tags, integration_requests
from vexil.controlplane.actions import external_resources as actions
from vexil.controlplane.actions import integrations as integration_actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Feature, GithubRepository, Integration, Organisation, Project
from vexil.controlplane.integrations.catalogue import GITHUB
from vexil.controlplane.integrations.github.app import Installation
from vexil.controlplane.permissions import EDIT_FEATURE
from vexil.controlplane.queries import integrations as queries


class RepositorySerializer(serializers.ModelSerializer[GithubRepository]):
    github_configuration: Any = serializers.IntegerField(source="integration_id", read_only=True)
    project = serializers.PrimaryKeyRelatedField(queryset=Project.live.all())

    class Meta:
        model = GithubRepository
        fields = ["id", "github_configuration", "project", "repository_owner", "repository_name", "tagging_enabled"]


class WantedCleanupIssue(serializers.Serializer[Any]):
    feature_id = Id()


class _Query(serializers.Serializer[Any]):
    page = serializers.IntegerField(default=1, min_value=1, max_value=100_000)
    page_size = serializers.IntegerField(default=100, min_value=1, max_value=100)


class _RepositoryQuery(_Query):
    repo_owner = serializers.CharField(max_length=100)
    repo_name = serializers.CharField(max_length=100)


class _Search(_RepositoryQuery):
    search_text = serializers.CharField(required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=["open", "closed"], default="open")
    author = serializers.CharField(required=False)
    assignee = serializers.CharField(required=False)
    search_in_body = serializers.BooleanField(default=True)
    search_in_comments = serializers.BooleanField(default=False)


class Repositories(APIView):
    def get(self, request: Request, place: str, integration_id: int) -> Response:
        pages = Pages()
        repositories = _repositories(_integration(request, place, integration_id)).order_by("pk")
        page = pages.paginate_queryset(repositories, request, view=self) or []
        return pages.get_paginated_response(RepositorySerializer(page, many=True).data)

    def post(self, request: Request, place: str, integration_id: int) -> Response:
        integration = _integration(request, place, integration_id)
        form = _repository_form(integration, data=request.data)
        repository = actions.add_repository(integration, by=actor_of(request), **form.validated_data)
        return Response(RepositorySerializer(repository).data, status=201)


class OneRepository(APIView):
    def get(self, request: Request, **named: Any) -> Response:
        return Response(RepositorySerializer(_repository(request, **named)).data)

    def put(self, request: Request, **named: Any) -> Response:
        return self._update(request, _repository(request, **named), partial=False)

    def patch(self, request: Request, **named: Any) -> Response:
        return self._update(request, _repository(request, **named), partial=True)

    def delete(self, request: Request, **named: Any) -> Response:
        actions.remove_repository(_repository(request, **named), by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, repository: GithubRepository, *, partial: bool) -> Response:
        form = _repository_form(repository.integration, repository, data=request.data, partial=partial)
        changed = actions.update_repository(repository, by=actor_of(request), **form.validated_data)
        return Response(RepositorySerializer(changed).data)


class InstalledRepositories(APIView):
    """Of an installation, which may not be kept yet: it is chosen before the integration is added."""

    def get(self, request: Request, place: str) -> Response:
        lookups.organisation_above(actor_of(request), place)
        installation_id = request.query_params.get("installation_id")
        if not installation_id:
            raise ValidationError({"detail": "Missing installation_id parameter"})
        query = _valid(_Query, request)
        found = integration_requests.ask(integration_requests.installation(installation_id).repositories(**query))
        names = ("full_name", "id", "name")
        rows = [{name: row.get(name) for name in names} for row in found["repositories"]]
        return Response({"repositories": rows, "total_count": found["total_count"]})


class Issues(APIView):
    kind = "issue"

    def get(self, request: Request, place: str) -> Response:
        acting = _installation(lookups.joined_organisation(actor_of(request), place))
        found = integration_requests.ask(acting().search(self.kind, _valid(_Search, request)))
        names = ("html_url", "id", "title", "number")
        rows = [{name: row.get(name) for name in names} for row in found["items"]]
        incomplete = found.get("incomplete_results", False)
        return Response({"results": rows, "count": found["total_count"], "incomplete_results": incomplete})


class PullRequests(Issues):
    kind = "pr"


class Contributors(APIView):
    def get(self, request: Request, place: str) -> Response:
        acting = _installation(lookups.joined_organisation(actor_of(request), place))
        found = integration_requests.ask(acting().contributors(_valid(_RepositoryQuery, request)))
        names = ("login", "avatar_url", "contributions")
        return Response({"results": [{name: row.get(name) for name in names} for row in found or []]})


class CleanupIssue(APIView):
    """Asks at GitHub for a feature to be taken out of the code."""

    def post(self, request: Request, place: str) -> Response:
        by = actor_of(request)
        organisation = lookups.joined_organisation(by, place)
        form = WantedCleanupIssue(data=request.data)
        if not form.is_valid():
            raise ValidationError({"error": form.errors})
        projects = permissions.viewable_projects(by).filter(organisation=organisation)
        features = Feature.live.filter(project__in=projects).select_related("project__organisation")
        feature = features.filter(pk=form.validated_data["feature_id"]).first()
        if feature is None:
            raise NotFound("Feature not found in this organisation.")
        if not permissions.has_project_permission(by, feature.project, EDIT_FEATURE):
            raise PermissionDenied
        cleanup_issues.create(feature, by=by)
        return Response(status=204)


class GithubWebhook(APIView):
    """What GitHub tells of our app; signed with the secret that both sides know."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def post(self, request: Request) -> Response:
        body = request.body
        if not _is_signed(body, request.headers):
            return Response({"error": "Invalid signature"}, status=400)
        try:
            is_ours = _told(request.headers.get("X-GitHub-Event", ""), msgspec.json.decode(body))
        except (msgspec.DecodeError, KeyError, TypeError):
            raise ValidationError({"detail": "This is no event of GitHub."}) from None
        return Response({"detail": "Event processed" if is_ours else "Event bypassed"})


def _told(kind: str, body: Any) -> bool:
    """Whether there was something to do."""
    if kind == "installation" and body["action"] == "deleted":
        integration_actions.forget_github(str(body["installation"]["id"]))
        return True
    if kind not in _STATES:
        return False
    about = body[_ABOUT[kind]]
    state = {name: about[name] for name in _STATES[kind] if name in about}
    github_tags.told(str(body["installation"]["id"]), str(about["html_url"]), state)
    return True


_ABOUT = {"issues": "issue", "pull_request": "pull_request"}
_STATES = {"issues": ("state", "title"), "pull_request": ("state", "title", "merged", "draft")}


def _is_signed(body: bytes, headers: Any) -> bool:
    secret = settings.VEXIL.github_webhook_secret.encode()
    ways = {"X-Hub-Signature-256": ("sha256", hashlib.sha256), "X-Hub-Signature": ("sha1", hashlib.sha1)}
    for header, (name, algorithm) in ways.items():
        if secret and (given := headers.get(header)):
            expected = f"{name}={hmac.new(secret, body, algorithm).hexdigest()}"
            return hmac.compare_digest(given.encode(), expected.encode())
    return False


def _integration(request: Request, place: str, integration_id: int) -> Integration:
    organisation = lookups.organisation_above(actor_of(request), place)
    found = queries.of_place(organisation, GITHUB).select_related("organisation").filter(pk=integration_id).first()
    if found is None:
        raise errors.no_match("GithubConfiguration")
    return found


def _repository(request: Request, place: str, integration_id: int, repository_id: int) -> GithubRepository:
    found = _repositories(_integration(request, place, integration_id)).filter(pk=repository_id).first()
    if found is None:
        raise errors.no_match("GithubRepository")
    return found


def _repository_form(integration: Integration, *known: GithubRepository, **given: Any) -> RepositorySerializer:
    """A project of another organisation is as one that is not there."""
    form = RepositorySerializer(*known, **given)
    form.is_valid(raise_exception=True)
    project = form.validated_data.get("project")
    if project is not None and project.organisation_id != integration.organisation_id:
        raise errors.invalid(f'Invalid pk "{project.pk}" - object does not exist.', "project")
    return form


def _repositories(integration: Integration) -> QuerySet[GithubRepository]:
    return GithubRepository.objects.select_related("integration").filter(integration=integration)


def _installation(organisation: Organisation) -> Any:
    integration = queries.of_place(organisation, GITHUB).first()
    if integration is None:
        raise ValidationError({"detail": "This Organisation doesn't have a valid GitHub Configuration"})

    def acting() -> Installation:
        return integration_requests.installation(integration.settings["installation_id"])

    return acting


def _valid(form: type[_Query], request: Request) -> dict[str, Any]:
    query = form(data=request.query_params)
    if not query.is_valid():
        raise ValidationError({"error": query.errors})
    return dict(query.validated_data)


_REPOSITORIES = "organisations/<str:place>/integrations/github/<id:integration_id>/repositories/"
_OWN = "organisations/<str:place>/github/"

urlpatterns = [
    path(_REPOSITORIES, Repositories),
    path(f"{_REPOSITORIES}<id:repository_id>/", OneRepository),
    path(f"{_OWN}repositories/", InstalledRepositories),
    path(f"{_OWN}issues/", Issues),
    path(f"{_OWN}pulls/", PullRequests),
    path(f"{_OWN}repo-contributors/", Contributors),
    path(f"{_OWN}create-cleanup-issue/", CleanupIssue),
    path("github-webhook/", GithubWebhook),
]
