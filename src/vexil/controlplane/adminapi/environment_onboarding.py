"""Whether an environment's flags have been asked for yet; the dashboard waits for it while somebody sets up an SDK."""

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi import errors
from vexil.controlplane.db import stores
from vexil.controlplane.queries import environments as queries
from vexil.wire import times


class OnboardingStatus(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, _request: Request, api_key: str) -> Response:
        environment = queries.live().filter(api_key=api_key).first()
        if environment is None:
            raise errors.no_match("Environment")
        first = stores.current().evaluations.first(environment.pk)
        return Response(
            {
                "first_evaluated_at": times.zulu_of(first.at) if first else None,
                "first_evaluated_sdk_label": first.sdk if first else None,
            }
        )

    def put(self, _request: Request, api_key: str) -> Response:  # noqa: ARG002 -- named by the route
        # compat: other parts of the reference server write here; our data plane writes to its store itself.
        raise PermissionDenied
