"""What is asked for and not offered here, with the answers of the reference while its switches are off."""

from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path


class EdgeIdentities(APIView):
    """Identities in DynamoDB; ours are at `identities/`."""

    def get(self, request: Request, environment_key: str) -> Response:
        lookups.environment(actor_of(request), environment_key)
        raise _without_dynamo_db()

    def post(self, request: Request, environment_key: str) -> Response:
        return self.get(request, environment_key)


class MigrationToEdge(APIView):
    def post(self, request: Request, project_id: int) -> Response:
        lookups.administered_project(actor_of(request), project_id)
        raise _without_dynamo_db()


class SwitchedOff(APIView):
    """Experiments, their metrics, and warehouses."""

    def get(self, request: Request, environment_key: str) -> Response:
        lookups.environment(actor_of(request), environment_key)
        raise PermissionDenied

    def post(self, request: Request, environment_key: str) -> Response:
        return self.get(request, environment_key)


class Cohorts(APIView):
    def get(self, request: Request, environment_key: str) -> Response:
        lookups.environment(actor_of(request), environment_key)
        return Response([])


def _without_dynamo_db() -> ValidationError:
    return ValidationError({"detail": "Dynamo DB is not enabled for this project"})


_ENVIRONMENT = "environments/<str:environment_key>/"

urlpatterns = [
    path(f"{_ENVIRONMENT}edge-identities/", EdgeIdentities),
    path(f"{_ENVIRONMENT}edge-identity-overrides", EdgeIdentities),
    path(f"environments/{_ENVIRONMENT}edge-identities-featurestates", EdgeIdentities),
    path("projects/<id:project_id>/migrate-to-edge/", MigrationToEdge),
    path(f"{_ENVIRONMENT}experiments/", SwitchedOff),
    path(f"{_ENVIRONMENT}experiment-metrics/", SwitchedOff),
    path(f"{_ENVIRONMENT}warehouse-connections/", SwitchedOff),
    path(f"{_ENVIRONMENT}cohorts/", Cohorts),
]
