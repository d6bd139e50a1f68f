"""Google and GitHub are played by a web server on loopback; everything of ours is real."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import json_of
from tests.factories import PASSWORD, make_user
from tests.http_servers import serving
from vexil.controlplane.actions import second_factors
from vexil.controlplane.db.models import SecondFactor, User
from vexil.controlplane.integrations import identity_providers

GOOGLE_ANSWER = {
    "id": "107",
    "email": "Kim@Example.com",
    "verified_email": True,
    "given_name": "Kim",
    "family_name": "Lee",
}
ADDRESSES = [
    {"email": "other@example.com", "primary": False, "verified": True},
    {"email": "kim@example.com", "primary": True, "verified": True},
]


class Providers:
    """What each path answers, to the one credential that is good."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "/google": GOOGLE_ANSWER,
            "/exchange": {"access_token": "good"},
            "/user": {"id": 7, "name": "Kim Lee", "email": None},
            "/addresses": ADDRESSES,
        }
        self.forms: list[str] = []


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Providers]:
    playing = Providers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(self.headers["Authorization"] == "Bearer good")

        def do_POST(self) -> None:
            playing.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(True)

        def _answer(self, is_good: bool) -> None:
            body = json.dumps(playing.answers[self.path] if is_good else {"error": "no"}).encode()
            self.send_response(200 if is_good else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as port:
        names = {
            "GOOGLE_USER": "google",
            "GITHUB_EXCHANGE": "exchange",
            "GITHUB_USER": "user",
            "GITHUB_ADDRESSES": "addresses",
        }
        for constant, path in names.items():
            monkeypatch.setattr(identity_providers, constant, f"http://127.0.0.1:{port}/{path}")
        yield playing


def google(client: AdminClient, **body: Any) -> Any:
    return client.post("auth/oauth/google/", {"access_token": "good", **body})


def github(client: AdminClient) -> Any:
    return client.post("auth/oauth/github/", {"access_token": "code"})


def test_somebody_new_gets_an_account_and_next_time_the_same(client: AdminClient, providers: Providers) -> None:
    first = json_of(google(client, sign_up_type="NO_INVITE", marketing_consent_given=False))
    again = json_of(google(client))

    key = first["key"]
    me = json_of(AdminClient(f"Token {key}").get("auth/users/me/"))
    assert (first["is_new_user"], again) == (True, {"key": key, "is_new_user": False})
    assert (me["email"], me["first_name"], me["last_name"], me["auth_type"], me["sign_up_type"]) == (
        "kim@example.com",
        "Kim",
        "Lee",
        "GOOGLE",
        "NO_INVITE",
    )
    assert User.objects.get().marketing_consent_given is False


def test_github_exchanges_the_code_and_takes_the_primary_address(client: AdminClient, providers: Providers) -> None:
    user = make_user("kim@example.com")

    answer = json_of(github(client))

    assert answer["is_new_user"] is False
    assert User.objects.get().pk == user.pk
    assert "code=code" in providers.forms[0]
    assert json_of(AdminClient(f"Token {answer['key']}").get("auth/users/me/"))["auth_type"] == "GITHUB"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/google", GOOGLE_ANSWER | {"verified_email": False}),
        ("/google", GOOGLE_ANSWER | {"email": None}),
        ("/google", ["odd"]),
        ("/exchange", {"error": "bad_verification_code"}),
        ("/addresses", [ADDRESSES[1] | {"verified": False}]),
    ],
)
def test_what_the_provider_does_not_vouch_for_is_refused(
    client: AdminClient, providers: Providers, path: str, answer: Any
) -> None:
    providers.answers[path] = answer

    name, response = ("GOOGLE", google(client)) if path == "/google" else ("GITHUB", github(client))

    assert json_of(response, 502) == {"message": f"An error occurred authenticating with {name}"}
    assert not User.objects.exists()


def test_a_token_that_the_provider_does_not_know_is_refused(client: AdminClient, providers: Providers) -> None:
    response = google(client, access_token="bad")

    assert json_of(response, 502) == {"message": "An error occurred authenticating with GOOGLE"}


def test_a_provider_that_is_away_is_no_error_of_ours(client: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_providers, "GOOGLE_USER", "http://127.0.0.1:9/")

    assert json_of(google(client), 502) == {"message": "An error occurred authenticating with GOOGLE"}


def test_the_token_is_required(client: AdminClient) -> None:
    assert json_of(client.post("auth/oauth/github/", {}), 400) == {"access_token": ["This field is required."]}


def test_sign_up_may_be_closed_while_those_with_accounts_come_in(client: AdminClient, providers: Providers) -> None:
    closed = override_settings(VEXIL=_with(prevent_signup=True))
    with closed:
        refused = google(client)
        make_user("kim@example.com")
        let_in = google(client)

    assert (refused.status_code, let_in.status_code) == (403, 200)


def test_a_second_factor_is_still_asked_for(client: AdminClient, providers: Providers) -> None:
    user = make_user("kim@example.com")
    second_factors.begin(user)
    SecondFactor.objects.filter(user=user).update(is_active=True)

    answer = json_of(google(client))

    assert (sorted(answer), answer["method"]) == (["ephemeral_token", "method"], "app")


def test_whoever_waited_for_the_mailed_link_is_in_and_the_unproved_password_is_gone(
    client: AdminClient, providers: Providers
) -> None:
    user = make_user("kim@example.com", is_active=False)
    with override_settings(VEXIL=_with(enable_email_activation=True)):
        answer = google(client)

    user.refresh_from_db()
    assert (answer.status_code, user.is_active, user.check_password(PASSWORD)) == (200, True, False)


def test_without_a_password_one_may_leave(client: AdminClient, providers: Providers) -> None:
    key = json_of(google(client))["key"]

    assert AdminClient(f"Token {key}").delete("auth/users/me/", {}).status_code == 204


def _with(**fields: Any) -> Any:
    from dataclasses import replace

    return replace(settings.VEXIL, **fields)
