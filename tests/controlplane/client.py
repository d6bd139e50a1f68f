"""The Admin API as a test sees it: JSON out, JSON in."""

import json
from typing import Any

from django.test import Client
from rest_framework.authtoken.models import Token

from tests.explanations import without_explanation
from vexil.controlplane.db.models import User


class AdminClient:
    """Each call returns Django's response; an error inside the server is its 500 answer, not an exception here."""

    def __init__(self, authorization: str | None = None) -> None:
        self._client = Client(raise_request_exception=False, headers={"Host": "localhost"})
        self._headers = {"Authorization": authorization} if authorization else {}

    def as_user(self, user: User) -> "AdminClient":
        return AdminClient(f"Token {Token.objects.get_or_create(user=user)[0].key}")

    def with_key(self, key: str) -> "AdminClient":
        return AdminClient(f"Api-Key {key}")

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, headers=headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PUT", path, body, headers=headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, headers=headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("DELETE", path, body, headers=headers)

    def send(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Any:
        """Bytes go out as they are, everything else as JSON; header names may have underscores for hyphens.

        A path without a slash in front is below /api/v1/.
        """
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        content_type = named.pop("Content-Type", "application/json")
        whole_path = path if path.startswith("/") else f"/api/v1/{path}"
        response: Any = self._client.generic(
            method, whole_path, content, content_type=content_type, headers={**self._headers, **named}
        )
        if response.status_code >= 400 and method != "OPTIONS" and response.get("Content-Type") == "application/json":
            # Tests compare the contract's own body; `whole` is all of it.
            response.whole = json.loads(response.content)
            response.content = json.dumps(without_explanation(response.status_code, response.whole))
        return response
