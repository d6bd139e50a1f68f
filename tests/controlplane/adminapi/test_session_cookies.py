from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.factories import PASSWORD, make_user
from vexil.controlplane.db.models import User

OURS, FOREIGN = "https://dashboard.example.com", "https://elsewhere.example.com"


@pytest.fixture(autouse=True)
def cookies() -> Iterator[None]:
    ours = replace(settings.VEXIL, cookie_auth_enabled=True, cors_allowed_origins=(OURS,))
    with override_settings(VEXIL=ours):
        yield


def log_in(client: AdminClient, user: User) -> Any:
    return client.post("auth/login/", {"email": user.email, "password": PASSWORD})


def cookie_of(answer: Any) -> str:
    return f"jwt={answer.cookies['jwt'].value}"


def test_logging_in_sets_a_cookie_that_scripts_of_pages_cannot_read(client: AdminClient) -> None:
    user = make_user()
    answer = log_in(client, user)
    cookie = answer.cookies["jwt"]
    me = AdminClient().get("auth/users/me/", Cookie=cookie_of(answer))

    assert (answer.status_code, answer.content) == (204, b"")
    assert {name: cookie[name] for name in ("httponly", "secure", "samesite", "max-age")} == {
        "httponly": True,
        "secure": True,
        "samesite": "None",
        "max-age": 36_000,
    }
    assert (me.status_code, me.json()["email"]) == (200, user.email)


def test_signing_up_sets_one_instead_of_a_key(client: AdminClient) -> None:
    person = {"email": "new@example.com", "password": PASSWORD, "first_name": "New", "last_name": "Person"}
    answer = client.post("auth/users/", person)

    assert (answer.status_code, "key" in answer.json()) == (201, False)
    assert AdminClient().get("auth/users/me/", Cookie=cookie_of(answer)).status_code == 200


def test_after_logging_out_every_cookie_of_the_user_is_worthless(client: AdminClient) -> None:
    user = make_user()
    cookies = [cookie_of(log_in(AdminClient(), user)) for _ in range(2)]
    out = AdminClient().post("auth/logout/", Cookie=cookies[0])

    assert (out.status_code, out.cookies["jwt"].value) == (204, "")
    assert [AdminClient().get("auth/users/me/", Cookie=cookie).status_code for cookie in cookies] == [401, 401]


@pytest.mark.parametrize("text", ["nonsense", "WzFd:1x:abc", ""])
def test_a_cookie_that_is_none_of_ours_counts_as_none(client: AdminClient, text: str) -> None:
    user = make_user()
    answer = client.post("auth/login/", {"email": user.email, "password": PASSWORD}, Cookie=f"jwt={text}")

    assert client.get("auth/users/me/", Cookie=f"jwt={text}").status_code == 401
    assert answer.status_code == 204


@pytest.mark.parametrize(("origin", "status"), [(OURS, 201), ("http://localhost", 201), (FOREIGN, 403), ("null", 403)])
def test_pages_of_other_origins_cannot_change_anything(client: AdminClient, origin: str, status: int) -> None:
    cookie = cookie_of(log_in(client, make_user()))
    answer = AdminClient().post("organisations/", {"name": "Mine"}, Cookie=cookie, Origin=origin)

    assert answer.status_code == status


def test_only_the_named_origins_may_read_answers_with_credentials(client: AdminClient) -> None:
    def allowed(origin: str, method: str) -> tuple[str | None, str | None]:
        asked = (
            {"Origin": origin, "Access-Control-Request-Method": "POST"} if method == "OPTIONS" else {"Origin": origin}
        )
        answer = client.send(method, "organisations/", headers=asked)
        names = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
        return answer.headers.get(names[0]), answer.headers.get(names[1])

    for method in ("GET", "OPTIONS"):
        assert [allowed(OURS, method), allowed(FOREIGN, method)] == [(OURS, "true"), (None, None)]


def test_where_cookies_are_off_none_is_heeded(client: AdminClient) -> None:
    cookie = cookie_of(log_in(client, make_user()))
    with override_settings(VEXIL=replace(settings.VEXIL, cookie_auth_enabled=False)):
        assert AdminClient().get("auth/users/me/", Cookie=cookie).status_code == 401
