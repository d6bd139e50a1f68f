"""The description of this API: `swagger.json`, `swagger.yaml` and a page to read it on.

It is made when somebody first asks, since what makes it is slow to import and few processes are ever asked.
"""

import functools
import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi.authentication import SomebodyKnown
from vexil.controlplane.adminapi.paths import path
from vexil.wire import json_text

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vexil Admin API</title>
<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.29.0/swagger-ui.css">
</head>
<body>
<div id="api">The same as <a href="../swagger.json">JSON</a> and as <a href="../swagger.yaml">YAML</a>.</div>
<script src="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.29.0/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "../swagger.json", dom_id: "#api", deepLinking: true})</script>
</body>
</html>
"""


class OpenApiJson(JSONRenderer):
    media_type = "application/vnd.oai.openapi+json"
    format = "openapi-json"


class OpenApiYaml(BaseRenderer):
    media_type = "application/vnd.oai.openapi"
    format = "yaml"
    charset = "utf-8"

    def render(self, data: Any, _media_type: str | None = None, _context: Any = None) -> str:
        import yaml  # noqa: PLC0415 -- rarely needed

        return str(yaml.safe_dump(json.loads(json_text.dumps(data)), sort_keys=False, allow_unicode=True))


class _Described(APIView):
    schema = None  # leaves these views out of what they show

    def get_permissions(self) -> list[BasePermission]:
        needs_credentials = settings.VEXIL.require_authentication_for_api_docs
        return [SomebodyKnown() if needs_credentials else AllowAny()]


class Json(_Described):
    renderer_classes = [OpenApiJson, JSONRenderer]

    def get(self, _request: Request) -> Response:
        return Response(document())


class Yaml(_Described):
    renderer_classes = [OpenApiYaml]

    def get(self, _request: Request) -> Response:
        return Response(document())


class Page(_Described):
    renderer_classes = [StaticHTMLRenderer]

    def get(self, _request: Request) -> HttpResponse:
        return HttpResponse(_PAGE)


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI document of all operations there are."""
    from vexil.controlplane.adminapi import openapi_document  # noqa: PLC0415 -- slow import

    return openapi_document.make()


urlpatterns = [path("swagger.json", Json), path("swagger.yaml", Yaml), path("docs/", Page)]
