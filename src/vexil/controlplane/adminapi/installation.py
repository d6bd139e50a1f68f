"""The first administrator, made by opening a page."""

from django.conf import settings
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import first_run
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.paths import path


class FirstAdministrator(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        if not settings.VEXIL.allow_admin_initiation_via_url:
            raise NotFound(errors.NOT_FOUND)
        url = first_run.initiate_administrator(base_url=request.build_absolute_uri("/"))
        return Response({"adminUserCreated": True, "passwordResetUrl": url}, status=201)


urlpatterns = [path("users/init/", FirstAdministrator)]
