"""https://docs.github.com/rest: the app proves itself with a signed token, and gets one for each installation."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from vexil.controlplane.integrations.messages import LABEL, Comment
from vexil.controlplane.integrations.requests import Request, below, json_request

RESOURCE = re.compile(r"^https?://[^/]+/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?P<kind>issues|pull)/(?P<number>\d+)$")
KINDS = {"GITHUB_ISSUE": "issues", "GITHUB_PR": "pull"}
_TOKEN_SECONDS = 540
_CLOCK_SKEW_SECONDS = 60

Ask = Callable[[Request], Any]
"""Sends a request and gives the JSON of its answer."""


class NotConfigured(Exception):
    """A setting of the installation is missing, or is no private key; says which."""


@dataclass(frozen=True, slots=True)
class App:
    api_url: str
    id: str
    private_key: str

    def installation(self, installation_id: str, ask: Ask) -> "Installation":
        """What may act for an organisation that installed the app."""
        url = below(self.api_url, f"app/installations/{quote(installation_id, safe='')}/access_tokens")
        return Installation(self.api_url, ask(json_request(url, {}, **_headers(self._token())))["token"])

    def _token(self) -> str:
        import jwt  # noqa: PLC0415 -- slow import

        for variable, value in (("GITHUB_APP_ID", self.id), ("GITHUB_PEM", self.private_key)):
            if not value:
                raise NotConfigured(f"GitHub is not configured: set {variable}.")
        now = int(time.time())
        claims = {"iat": now - _CLOCK_SKEW_SECONDS, "exp": now + _TOKEN_SECONDS, "iss": self.id}
        try:
            return jwt.encode(claims, self.private_key.replace("\\n", "\n"), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise NotConfigured("GITHUB_PEM is no private key in PEM.") from None


@dataclass(frozen=True, slots=True)
class Installation:
    api_url: str
    token: str

    def comment(self, comment: Comment) -> Request:
        """A comment, or the label, on the issue or pull request."""
        found = RESOURCE.match(comment.url)
        assert found, "only such URLs are linked"
        own = f"repos/{found['owner']}/{found['name']}/issues/{found['number']}"
        if comment.label == "remove":
            return self._request(f"{own}/labels/{quote(LABEL)}", None, method="DELETE")
        if comment.label:
            return self._request(f"{own}/labels", {"labels": [LABEL]})
        return self._request(f"{own}/comments", {"body": comment.text})

    def new_issue(self, owner: str, name: str, *, title: str, text: str) -> Request:
        return self._request(f"repos/{quote(owner)}/{quote(name)}/issues", {"title": title, "body": text})

    def repositories(self, *, page: int, page_size: int) -> Request:
        fields = {"page": page, "per_page": page_size}
        return self._request(f"installation/repositories?{urlencode(fields)}", None, method="GET")

    def search(self, kind: str, query: dict[str, Any]) -> Request:
        """Issues (`issue`) or pull requests (`pr`) of one repository."""
        words = [query["search_text"]] if query.get("search_text") else []
        words += [f"repo:{query['repo_owner']}/{query['repo_name']}", f"is:{kind}", f"is:{query['state']}", "in:title"]
        words += ["in:body"] if query["search_in_body"] else []
        words += ["in:comments"] if query["search_in_comments"] else []
        words += [f"{name}:{query[name]}" for name in ("author", "assignee") if query.get(name)]
        fields = {"q": " ".join(words), "per_page": query["page_size"], "page": query["page"]}
        return self._request(f"search/issues?{urlencode(fields)}", None, method="GET")

    def contributors(self, query: dict[str, Any]) -> Request:
        fields = {"per_page": query["page_size"], "page": query["page"]}
        path = f"repos/{quote(query['repo_owner'])}/{quote(query['repo_name'])}/contributors?{urlencode(fields)}"
        return self._request(path, None, method="GET")

    def _request(self, path: str, content: Any, *, method: str = "POST") -> Request:
        return json_request(below(self.api_url, path), content, method=method, **_headers(self.token))


def is_resource(url: str, kind: str) -> bool:
    found = RESOURCE.match(url)
    return found is not None and found["kind"] == KINDS[kind]


def _headers(token: str) -> dict[str, str]:
    return {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X_GitHub_Api_Version": "2022-11-28",
    }
