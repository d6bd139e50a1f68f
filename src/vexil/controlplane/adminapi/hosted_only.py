"""Paths that only a hosted installation serves; here each refuses in the way that clients know."""

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi.paths import path


class _Refusing(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None


class BillingWebhook(_Refusing):
    def post(self, _request: Request) -> Response:
        return _unauthorized('Basic realm="api"')


class EndToEndTeardown(_Refusing):
    def post(self, _request: Request) -> Response:
        return _unauthorized("Token")


class OnboardingRequest(APIView):
    schema = None

    def post(self, _request: Request) -> Response:
        raise PermissionDenied


def _unauthorized(challenge: str) -> Response:
    detail = {"detail": "Authentication credentials were not provided."}
    return Response(detail, status=401, headers={"WWW-Authenticate": challenge})


urlpatterns = [
    path("cb-webhook/", BillingWebhook),
    path("e2etests/teardown/", EndToEndTeardown),
    path("onboarding/request/send/", OnboardingRequest),
]
