"""https://docs.gitlab.com/api/rest/: an instance's projects, issues and merge requests, and writing below them."""

import re
from typing import Any
from urllib.parse import quote, urlencode

from vexil.controlplane.integrations.messages import LABEL, Comment
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request

_RESOURCE = re.compile(
    r"^https?://[^/]+/(?P<project>.+?)/-/(?P<kind>issues|work_items|merge_requests)/(?P<number>\d+)/?$"
)
_KINDS = {"GITLAB_ISSUE": "issues", "GITLAB_MR": "merge_requests"}


def is_resource(url: str, kind: str) -> bool:
    found = _RESOURCE.match(url)
    return found is not None and found["kind"].replace("work_items", "issues") == _KINDS[kind]


def request(settings: Settings, comment: Comment) -> Request:
    """A comment, or the label, on the issue or merge request."""
    found = _RESOURCE.match(comment.url)
    assert found, "only such URLs are linked"
    own = f"projects/{quote(found['project'], safe='')}/{_KINDS[comment.type]}/{found['number']}"
    if comment.label:
        return _request(settings, own, {f"{comment.label}_labels": LABEL}, method="PUT")
    return _request(settings, f"{own}/notes", {"body": comment.text})


def projects_request(settings: Settings, *, page: int, page_size: int) -> Request:
    fields = {"membership": "true", "page": page, "per_page": page_size}
    return _request(settings, f"projects?{urlencode(fields)}", None, method="GET")


def search_request(settings: Settings, kind: str, query: dict[str, Any]) -> Request:
    """Issues or merge requests of one project of the instance."""
    fields = {"page": query["page"], "per_page": query["page_size"], "state": query["state"]}
    if query.get("search_text"):
        fields["search"] = query["search_text"]
    return _request(settings, f"projects/{query['gitlab_project_id']}/{kind}?{urlencode(fields)}", None, method="GET")


def project_json(project: dict[str, Any]) -> dict[str, Any]:
    return {name: project.get(name) for name in ("id", "name", "path_with_namespace")}


def resource_json(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: resource.get(name) for name in ("web_url", "id", "title", "iid", "state")}


def _request(settings: Settings, path: str, content: Any, *, method: str = "POST") -> Request:
    url = below(settings["gitlab_instance_url"], f"api/v4/{path}")
    return json_request(url, content, method=method, PRIVATE_TOKEN=settings["access_token"])
