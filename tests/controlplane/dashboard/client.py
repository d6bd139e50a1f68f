"""The dashboard as a browser without scripts sees it: pages in, forms out."""

from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup, Tag
from django.test import Client

from vexil.controlplane.db.models import User


class Page:
    """An answer, with its HTML parsed when it is asked for."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.response.content.decode(errors="replace"), "html.parser")

    @property
    def location(self) -> str:
        return str(self.response.headers.get("Location", ""))

    @property
    def text(self) -> str:
        """All that is written on the page, with single blanks."""
        return " ".join(self.soup.get_text(" ").split())

    def texts(self, selector: str) -> list[str]:
        """What is written in each element that the selector finds."""
        return [" ".join(found.get_text(" ").split()) for found in self.soup.select(selector)]

    def one(self, selector: str) -> Tag:
        """The only element that the selector finds."""
        [found] = self.soup.select(selector)
        return found

    def attributes(self, selector: str, name: str) -> list[str]:
        return [str(found.get(name, "")) for found in self.soup.select(selector)]


class Pages:
    """Somebody's browser; `as_user` logs in without the form."""

    def __init__(self, user: User | None = None) -> None:
        self._client = Client(headers={"Host": "localhost", "Accept": "text/html"})
        if user is not None:
            self._client.force_login(user)

    def as_user(self, user: User) -> "Pages":
        return Pages(user)

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Page:
        return Page(self._client.get(path, query or {}, headers=_named(headers)))

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> Page:
        return Page(self._client.post(path, form or {}, headers=_named(headers)))

    def fragment(self, path: str, query: dict[str, Any] | None = None) -> Page:
        """What htmx gets that asks for a part of the page."""
        return self.get(path, query, HX_Request="true")

    def post_fragment(self, path: str, form: dict[str, Any] | None = None) -> Page:
        return self.post(path, form, HX_Request="true")


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
