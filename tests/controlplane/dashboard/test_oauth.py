"""Letting an application in, and stopping it."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from tests.controlplane.dashboard.client import Page, Pages
from tests.factories import make_oauth_application, make_user
from vexil.controlplane.db.models import OAuthCode, OAuthSession, User

ASKED = {
    "client_id": "flagsmith-cli",
    "response_type": "code",
    "scope": "admin-api",
    "redirect_uri": "http://127.0.0.1:53682/callback",
    "state": "a&b",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


@pytest.fixture
def kim() -> User:
    return make_user(email="kim@example.com")


def asked(**changes: str) -> str:
    return f"/oauth/authorize?{urlencode({**ASKED, **changes})}"


def sent(page: Page, answer: str) -> dict[str, Any]:
    fields = {str(field["name"]): str(field["value"]) for field in page.soup.select("main form input")}
    return {**fields, "answer": answer}


def test_who_is_not_logged_in_comes_back_after_it() -> None:
    page = Pages().get(asked())

    assert page.status == 302
    assert page.location.startswith("/login?redirect=/oauth/authorize%3Fclient_id%3Dflagsmith-cli%26")


def test_the_page_says_who_wants_what_and_its_form_may_lead_there(kim: User) -> None:
    make_oauth_application()
    browser = Pages(kim)

    page = browser.get(asked().replace("authorize?", "authorize/?"))  # as the metadata has it
    answer = browser.post("/oauth/authorize", sent(page, "allow"))

    assert page.texts("h1") == ["Allow “Flagsmith CLI” to act as you?"]
    assert page.texts(".consent-rights li") == ["Do everything that you may do in all your organisations"]
    assert page.texts(".badge") == ["verified"]
    assert "kim@example.com" in page.text
    policy = page.response.headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:53682; frame-ancestors 'none'" in policy
    assert page.one("main form")["hx-boost"] == "false"
    code = OAuthCode.objects.get()
    assert (code.user, code.scopes, code.redirect_uri) == (kim, ["admin-api"], ASKED["redirect_uri"])
    assert answer.status == 302
    assert answer.location.startswith("http://127.0.0.1:53682/callback?code=")
    assert answer.location.endswith("&state=a%26b")


def test_after_logging_in_the_page_is_loaded_as_a_whole(kim: User) -> None:
    """Or the browser would hold its form against the policy of the page before."""
    make_oauth_application()

    swapped = Pages(kim).get(asked(), HX_Request="true", HX_Boosted="true")

    assert (swapped.status, swapped.response.headers["HX-Redirect"]) == (204, asked())


def test_an_application_with_a_scheme_of_its_own_is_warned_of_and_denied(kim: User) -> None:
    make_oauth_application(client_id="x", name="Helper", is_verified=False, redirect_uris=["cursor://here/callback"])
    browser = Pages(kim)

    page = browser.get(asked(client_id="x", scope="mcp", redirect_uri="cursor://here/callback"))
    answer = browser.post("/oauth/authorize", sent(page, "deny"))

    assert page.texts(".badge") == ["not verified"]
    assert "Anybody can register an application under any name." in page.text
    assert "form-action 'self' cursor:;" in page.response.headers["Content-Security-Policy"]
    assert answer.location == "cursor://here/callback?error=access_denied&state=a%26b"
    assert OAuthCode.objects.count() == 0


def test_what_cannot_be_had_leads_nowhere(kim: User) -> None:
    make_oauth_application()

    page = Pages(kim).get(asked(redirect_uri="https://evil.example.com/"))
    post = Pages(kim).post(
        "/oauth/authorize", {**ASKED, "redirect_uri": "https://evil.example.com/", "answer": "allow"}
    )

    assert (page.status, post.status, post.location) == (400, 400, "")
    assert "Mismatching redirect URI." in page.text
    assert OAuthCode.objects.count() == 0


def test_applications_are_listed_and_stopped(kim: User) -> None:
    application, other = make_oauth_application(), make_user()
    for user in (kim, kim, other):
        _session(application, user)
    browser = Pages(kim)

    listed = browser.get("/account")
    stopped = browser.post(f"/account/applications/{application.pk}/revoke")
    again = browser.post(f"/account/applications/{application.pk}/revoke")

    assert "Flagsmith CLI verified 2 log-ins" in listed.text
    assert (stopped.location, again.status) == ("/account", 404)
    assert [session.user for session in OAuthSession.objects.filter(revoked_at=None)] == [other]
    assert "2 log-ins" not in browser.get("/account").text


def _session(application: Any, user: User) -> None:
    now = timezone.now()
    OAuthSession.objects.create(
        application=application,
        user=user,
        scopes=["admin-api"],
        created_at=now,
        renewed_at=now,
        expires_at=now + timedelta(days=1),
    )
