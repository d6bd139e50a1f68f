"""A project to tell stories about, made over the Admin API by somebody who then logs in to the dashboard."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from playwright.sync_api import Page

PASSWORD = "correct-horse-7-battery"
_numbers = count(1)


@dataclass(frozen=True)
class World:
    """An organisation of its own, so that stories on one server do not meet."""

    api: httpx.Client
    """As its administrator, relative to /api/v1/."""
    email: str
    organisation_id: int
    project_id: int
    environment: dict[str, Any]

    @property
    def key(self) -> str:
        return str(self.environment["api_key"])

    def path(self, rest: str = "features") -> str:
        return f"/project/{self.project_id}/environment/{self.key}/{rest}"

    def post(self, path: str, body: Any) -> Any:
        answer = self.api.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def feature(self, name: str, **fields: Any) -> Any:
        return self.post(f"projects/{self.project_id}/features/", {"name": name, **fields})

    def log_in(self, page: Page) -> Page:
        return log_in(page, self.email)


def make_world(url: str) -> World:
    number = next(_numbers)
    email = f"person{number}@example.com"
    api = httpx.Client(base_url=f"{url}/api/v1/", timeout=20)
    account = {"email": email, "password": PASSWORD, "first_name": "Kim", "last_name": "Doe"}
    token = api.post("auth/users/", json=account).json()["key"]
    api.headers["Authorization"] = f"Token {token}"
    organisation = api.post("organisations/", json={"name": f"Acme {number}"}).json()["id"]
    project = api.post("projects/", json={"name": "Shop", "organisation": organisation}).json()["id"]
    environment = api.post("environments/", json={"name": "Production", "project": project}).json()
    return World(api, email, organisation, project, environment)


def log_in(page: Page, email: str) -> Page:
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page
