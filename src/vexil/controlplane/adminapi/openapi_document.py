"""Makes the OpenAPI document from the routes and from `openapi_operations`."""

import re
from typing import Any

from django.urls import get_resolver
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from vexil.controlplane.adminapi import mcp_operations, openapi_operations

_WRITES = ("POST", "PUT", "PATCH")
_PAGE_PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "integer"}} for name in ("page", "page_size")
]
_REFUSED = {
    "description": "Refused; `detail`, or an entry per field, says what, `code` and `hint` why.",
    "content": {"application/json": {"schema": {}}},
}

_FAILED_ELSEWHERE = {
    "description": "The server that was asked for this knows it not, or is away; `message` names it.",
    "content": {"application/json": {"schema": {}}},
}


def _page_of(schema: Any) -> dict[str, Any]:
    url = {"type": ["string", "null"], "format": "uri"}
    properties = {
        "count": {"type": "integer"},
        "next": url,
        "previous": url,
        "results": {"type": "array", "items": schema},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def make() -> dict[str, Any]:
    patterns = [pattern for pattern in get_resolver().url_patterns if str(pattern.pattern).startswith("api/")]
    generator = SchemaGenerator(patterns=patterns)  # type: ignore[no-untyped-call]
    document: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


class OrganisationKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How an organisation's key is sent. Defining the class registers it."""

    target_class = "vexil.controlplane.adminapi.authentication.OrganisationKey"
    name = "organisationKey"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "An organisation's key, with `Api-Key ` before it.",
        }


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How an application that acts as a user sends its access token. Defining the class registers it."""

    target_class = "vexil.controlplane.adminapi.authentication.BearerToken"
    name = "accessToken"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token, as /.well-known/oauth-authorization-server tells how to get one.",
        }


class OperationSchema(AutoSchema):
    """Names, tags and bodies come from our table; a view that is not in it takes and gives any JSON."""

    def get_operation_id(self) -> str:
        return mcp_operations.MCP.get((self.method, self._view_name())) or self._name_of_path()

    def get_tags(self) -> list[str]:
        concept = self._view_name().split(".")[0]
        return [concept, "mcp"] if (self.method, self._view_name()) in mcp_operations.MCP else [concept]

    def get_operation(self, *arguments: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*arguments)
        if operation and self._gives_pages():
            operation["parameters"] = [*operation.get("parameters", []), *_PAGE_PARAMETERS]
        return operation

    def get_request_serializer(self) -> Any:
        known = openapi_operations.BODIES.get(self._view_name()) or self._form()
        form = known if self.method in _WRITES else None
        return {"application/json": form} if isinstance(form, dict) else form

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        failure = {"502": _FAILED_ELSEWHERE} if self._view_name() in openapi_operations.ASKING_OTHERS else {}
        return {"2XX": self._success(direction), **failure, "default": _REFUSED}

    def _form(self) -> Any:
        """What a view that serves several paths takes on this one."""
        return getattr(self.view, "form", None) if self._view_name() in openapi_operations.BY_PATH else None

    def _success(self, direction: str) -> dict[str, Any]:
        answer = openapi_operations.ANSWERS.get(self._view_name())
        if self.method == "DELETE" or (answer is None and self.method != "GET"):
            return {"description": "Done."}
        if answer is None:
            return {"description": "Found.", "content": {"application/json": {"schema": {}}}}
        kinds = ["application/json"]
        response: dict[str, Any] = self._get_response_for_code(answer, "200", kinds, direction)  # type: ignore[no-untyped-call]
        if self._gives_pages():
            content = response["content"]["application/json"]
            content["schema"] = _page_of(content["schema"])
        return response

    def _gives_pages(self) -> bool:
        return self.method == "GET" and self._view_name() in openapi_operations.PAGED

    def _view_name(self) -> str:
        return mcp_operations.view_name(self.view)

    def _name_of_path(self) -> str:
        """Such as `get_projects_by_project_id_my_permissions`."""
        words = re.sub(r"\{(\w+)\}", r"by_\1", self.path.removeprefix("/api/").removeprefix("v1/"))
        return f"{self.method.lower()}_" + re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_")
