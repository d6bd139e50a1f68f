"""How much work waits for the task runner, for those who watch over the installation."""

from datetime import UTC, datetime

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.queries import waiting_work


class Waiting(APIView):
    def get(self, request: Request) -> Response:
        user = actor_of(request).user
        if user is None or not user.is_staff:
            raise NotAuthenticated
        return Response({"waiting": waiting_work.count(now=datetime.now(UTC))})


urlpatterns = [path("processor/monitoring/", Waiting)]
"""Relative to the server's root."""
