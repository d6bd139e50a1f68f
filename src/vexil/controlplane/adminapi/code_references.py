"""Where code names features: scans come in, and features show what was found."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import code_references as actions
from vexil.controlplane.adminapi import features, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.nested_bodies import Entry
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import CodeReference, CodeRepository
from vexil.controlplane.db.models.code_references import VcsProvider
from vexil.controlplane.permissions import VIEW_PROJECT
from vexil.controlplane.queries import code_references as queries

LINE_MAX = 2_147_483_647


class FoundLine(Entry, serializers.Serializer[Any]):
    feature_name = serializers.CharField(max_length=100)
    file_path = serializers.CharField(max_length=4096)
    line_number = serializers.IntegerField(min_value=1, max_value=LINE_MAX)


class ScanSerializer(serializers.Serializer[Any]):
    """All that was found in one repository; what is not there any more is left out."""

    repository_url = serializers.URLField(max_length=200)
    vcs_provider = serializers.ChoiceField(choices=VcsProvider.choices, default=VcsProvider.GITHUB)
    revision = serializers.CharField(max_length=100)
    code_references = FoundLine(many=True)

    def scan(self) -> actions.Scan:
        sent = self.validated_data
        found = [actions.Found(**line) for line in sent["code_references"]]
        return actions.Scan(sent["repository_url"], sent["vcs_provider"], sent["revision"], found)


class Scans(APIView):
    def post(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, project_id, VIEW_PROJECT)
        form = ScanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        repository = actions.keep_scan(project, form.scan(), now=datetime.now(UTC), by=by)
        added = {"created_at": repository.scanned_at, "project": project.pk}
        return Response({**form.validated_data, **added}, status=201)


class ReferencesToFeature(APIView):
    def get(self, request: Request, project_id: int, feature_id: int) -> Response:
        feature = features.find(actor_of(request), project_id, feature_id)
        lines: dict[int, list[CodeReference]] = defaultdict(list)
        for reference in queries.references_of(feature):
            lines[reference.repository_id].append(reference)
        sightings = queries.sightings_of([feature])[feature.pk]
        return Response([_sighting_json(sighting, lines[sighting.repository.pk]) for sighting in sightings])


def _sighting_json(sighting: queries.Sighting, lines: list[CodeReference]) -> dict[str, Any]:
    repository = sighting.repository
    return {
        "repository_url": repository.url,
        "vcs_provider": repository.vcs_provider,
        "revision": repository.revision,
        "last_successful_repository_scanned_at": repository.scanned_at,
        "last_feature_found_at": sighting.found_at,
        "code_references": [_line_json(repository, line) for line in lines],
    }


def _line_json(repository: CodeRepository, line: CodeReference) -> dict[str, Any]:
    return {
        "feature_name": line.feature_name,
        "file_path": line.file_path,
        "line_number": line.line_number,
        "scanned_at": repository.scanned_at,
        "vcs_provider": repository.vcs_provider,
        "repository_url": repository.url,
        "revision": repository.revision,
        "permalink": queries.permalink(repository, line),
    }


urlpatterns = [
    path("projects/<id:project_id>/code-references/", Scans),
    path("projects/<id:project_id>/features/<id:feature_id>/code-references/", ReferencesToFeature),
]
