"""Google and GitHub as vouchers for who somebody is, asked once with what a browser brought from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

GOOGLE_USER = "https://www.googleapis.com/oauth2/v1/userinfo?alt=json"
GITHUB_EXCHANGE = "https://github.com/login/oauth/access_token"
GITHUB_USER = "https://api.github.com/user"
GITHUB_ADDRESSES = "https://api.github.com/user/emails"

_TIMEOUT_SECONDS = 10.0
_ACCEPT_JSON = {"Accept": "application/json"}


class ProviderFailed(Exception):
    """The provider does not know this token or code, cannot be reached, or says something else than was asked."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the provider knows them; the address is one that it has verified."""

    id: str
    email: str
    first_name: str
    last_name: str


def google(token: str) -> Person:
    """The person behind an access token."""
    with _talking() as client:
        found = _object(client.get(GOOGLE_USER, headers={"Authorization": f"Bearer {token}"}))
    if found.get("verified_email") is not True:
        raise ProviderFailed("The address is not verified.")
    return _person(found.get("id"), found.get("email"), found.get("given_name"), found.get("family_name"))


def github(code: str, *, client_id: str, client_secret: str) -> Person:
    """The person behind a code that GitHub gave to the browser."""
    with _talking() as client:
        form = {"client_id": client_id, "client_secret": client_secret, "code": code}
        token = _object(client.post(GITHUB_EXCHANGE, data=form)).get("access_token")
        if not isinstance(token, str):
            raise ProviderFailed("The code is not known.")
        headers = {"Authorization": f"Bearer {token}"}
        found = _object(client.get(GITHUB_USER, headers=headers))
        addresses = _json(client.get(GITHUB_ADDRESSES, headers=headers))
    first_name, _, last_name = str(found.get("name") or "").strip().partition(" ")
    return _person(found.get("id"), _primary(addresses), first_name, last_name)


@contextmanager
def _talking() -> Iterator[httpx.Client]:
    """A client whose failures, and every answer but 200, are `ProviderFailed`."""
    client = httpx.Client(timeout=_TIMEOUT_SECONDS, headers=_ACCEPT_JSON, event_hooks={"response": [_refuse_failures]})
    try:
        with client:
            yield client
    except httpx.HTTPError as error:
        raise ProviderFailed(type(error).__name__) from None


def _refuse_failures(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise ProviderFailed(f"{response.request.url.host} answered {response.status_code}.")


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise ProviderFailed(f"{response.request.url.host} sent no JSON.") from None


def _object(response: httpx.Response) -> dict[str, Any]:
    found = _json(response)
    if not isinstance(found, dict):
        raise ProviderFailed(f"{response.request.url.host} sent no object.")
    return found


def _primary(addresses: Any) -> Any:
    """The address that the person calls theirs, if it is verified."""
    for entry in addresses if isinstance(addresses, list) else ():
        if isinstance(entry, dict) and entry.get("primary") is True and entry.get("verified") is True:
            return entry.get("email")
    return None


def _person(person_id: Any, email: Any, first_name: Any, last_name: Any) -> Person:
    if not person_id or not isinstance(email, str) or "@" not in email:
        raise ProviderFailed("There is no verified address.")
    return Person(str(person_id), email.lower(), str(first_name or "")[:150], str(last_name or "")[:150])
