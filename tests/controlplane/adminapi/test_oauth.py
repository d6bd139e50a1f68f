"""Applications that act as people: consent, codes, tokens, and their end."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db.models import F

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import at_once
from tests.factories import make_oauth_application, make_organisation, make_user
from vexil.controlplane.actions import oauth_tokens
from vexil.controlplane.db.models import Event, OAuthApplication, OAuthCode, OAuthSession, OAuthToken, User

VERIFIER = "a" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://127.0.0.1:53682/callback"
MCP_CALLBACK = "https://assistant.example.com/callback"
REFUSED = (401, {"detail": "Authentication credentials were not provided."})


def query(**changes: str) -> dict[str, str]:
    asked = {
        "client_id": "flagsmith-cli",
        "response_type": "code",
        "scope": "admin-api",
        "redirect_uri": CALLBACK,
        "state": "s t",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in asked.items() if value}


def form(client: AdminClient, path: str, **fields: str) -> Any:
    return client.post(path, urlencode(fields).encode(), Content_Type="application/x-www-form-urlencoded")


def allowed(client: AdminClient, user: User, **changes: str) -> str:
    """The code that the application gets."""
    answer = client.as_user(user).post("oauth/authorize/", {"allow": True, **query(**changes)})
    assert answer.status_code == 200, answer.content
    return parse_qs(urlsplit(answer.json()["redirect_uri"]).query)["code"][0]


def exchanged(client: AdminClient, code: str, **changes: str) -> Any:
    fields = {"client_id": "flagsmith-cli", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return form(client, "/o/token/", grant_type="authorization_code", **{**fields, **changes})


def refreshed(client: AdminClient, token: str) -> Any:
    return form(client, "/o/token/", grant_type="refresh_token", refresh_token=token, client_id="flagsmith-cli")


def logged_in(client: AdminClient, user: User) -> dict[str, Any]:
    tokens: dict[str, Any] = exchanged(client, allowed(client, user)).json()
    return tokens


def me(access_token: str) -> tuple[int, Any]:
    answer = AdminClient(f"Bearer {access_token}").get("auth/users/me/")
    return answer.status_code, answer.json().get("email", answer.json())


@pytest.fixture
def kim() -> User:
    make_oauth_application()
    return make_user(email="kim@example.com")


def test_the_metadata_names_the_address_that_was_asked(client: AdminClient) -> None:
    found = client.get("/.well-known/oauth-authorization-server", Origin="https://a.example.com")

    here = "http://localhost"
    assert found.json() == {
        "issuer": here,
        "authorization_endpoint": f"{here}/oauth/authorize/",
        "token_endpoint": f"{here}/o/token/",
        "registration_endpoint": f"{here}/o/register/",
        "revocation_endpoint": f"{here}/o/revoke_token/",
        "introspection_endpoint": f"{here}/o/introspect/",
        "scopes_supported": ["mcp", "admin-api"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["none"],
    }
    assert found["Access-Control-Allow-Origin"] == "*"


def test_the_command_line_acts_as_who_allowed_it(client: AdminClient, kim: User) -> None:
    shown = client.as_user(kim).get(f"oauth/authorize/?{urlencode(query())}").json()
    code = allowed(client, kim)
    tokens = exchanged(client, code).json()

    assert shown == {
        "application": {"name": "Flagsmith CLI", "client_id": "flagsmith-cli"},
        "scopes": {"admin-api": ["Do everything that you may do in all your organisations"]},
        "redirect_uri": CALLBACK,
        "is_verified": True,
    }
    assert {**tokens, "access_token": "", "refresh_token": ""} == {
        "access_token": "",
        "expires_in": 900,
        "token_type": "Bearer",
        "scope": "admin-api",
        "refresh_token": "",
    }
    assert me(tokens["access_token"]) == (200, "kim@example.com")
    mine = AdminClient(f"Bearer {tokens['access_token']}")
    assert mine.post("organisations/", {"name": "By the CLI"}).status_code == 201
    kept = repr([*OAuthToken.objects.values(), *OAuthCode.objects.values(), *Event.objects.values()])
    assert not any(secret in kept for secret in (code, tokens["access_token"], tokens["refresh_token"]))


def test_who_says_no_sends_the_application_away(client: AdminClient, kim: User) -> None:
    answer = client.as_user(kim).post("oauth/authorize/", {"allow": False, **query()})

    assert answer.json() == {"redirect_uri": f"{CALLBACK}?error=access_denied&state=s+t"}
    assert OAuthCode.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "error", "description"),
    [
        ({"client_id": ""}, "invalid_request", "Missing client_id parameter."),
        ({"client_id": "nobody"}, "invalid_request", "Invalid client_id parameter value."),
        ({"redirect_uri": ""}, "invalid_request", "Missing redirect_uri parameter."),
        ({"redirect_uri": "http://127.0.0.1:1/callback/x"}, "invalid_request", "Mismatching redirect URI."),
        ({"redirect_uri": "http://127.0.0.1:1@evil.example/callback"}, "invalid_request", "Mismatching redirect URI."),
        ({"redirect_uri": "http://127.0.0.1.evil.example:1/callback"}, "invalid_request", "Mismatching redirect URI."),
        ({"redirect_uri": "http://localhost:1/callback"}, "invalid_request", "Mismatching redirect URI."),
        ({"redirect_uri": "http://127.0.0.1:99999/callback"}, "invalid_request", "Mismatching redirect URI."),
        ({"response_type": "token"}, "unsupported_response_type", "Only response_type=code is supported."),
        ({"code_challenge": ""}, "invalid_request", "Code challenge required."),
        ({"code_challenge_method": "plain"}, "invalid_request", "Only code_challenge_method=S256 is supported."),
        ({"code_challenge_method": ""}, "invalid_request", "Only code_challenge_method=S256 is supported."),
        ({"scope": "mcp"}, "invalid_scope", "This application cannot have the scope mcp."),
    ],
)
def test_what_an_application_cannot_have_is_refused(
    client: AdminClient, kim: User, change: dict[str, str], error: str, description: str
) -> None:
    answer = client.as_user(kim).get(f"oauth/authorize/?{urlencode(query(**change))}")

    assert answer.status_code == 400
    assert (answer.whole["error"], answer.whole["error_description"]) == (error, description)
    assert answer.whole["code"] == "oauth_refused"


def test_only_people_consent(client: AdminClient, kim: User) -> None:
    tokens = logged_in(client, kim)
    before = OAuthCode.objects.count()

    asked = {"allow": True, **query()}
    assert AdminClient(f"Bearer {tokens['access_token']}").post("oauth/authorize/", asked).status_code == 401
    assert client.post("oauth/authorize/", asked).status_code == 401
    assert OAuthCode.objects.count() == before


def test_a_code_is_good_once_and_only_for_who_asked_for_it(client: AdminClient, kim: User) -> None:
    make_oauth_application(client_id="other", redirect_uris=[CALLBACK])
    code = allowed(client, kim)

    wrong = [
        exchanged(client, code, code_verifier="b" * 43),
        exchanged(client, code, redirect_uri="http://127.0.0.1:1/callback"),
        exchanged(client, code, client_id="other"),
        exchanged(client, "nonsense"),
    ]
    tokens = exchanged(client, code).json()
    again = exchanged(client, code)

    assert [(answer.status_code, answer.whole["error"]) for answer in [*wrong, again]] == [(400, "invalid_grant")] * 5
    assert exchanged(client, code, client_id="nobody").status_code == 401
    # Somebody else had the code, too: what it gave is worth nothing any more.
    assert me(tokens["access_token"]) == REFUSED


def test_a_code_is_good_for_a_minute(client: AdminClient, kim: User) -> None:
    code = allowed(client, kim)
    OAuthCode.objects.update(expires_at=F("expires_at") - timedelta(minutes=1))

    assert exchanged(client, code).status_code == 400


def test_a_code_that_is_sent_twice_at_once_gives_one_session(client: AdminClient, kim: User) -> None:
    code = allowed(client, kim)

    statuses = at_once(*[lambda: exchanged(AdminClient(), code).status_code] * 2)

    assert sorted(statuses) == [200, 400]
    assert OAuthSession.objects.count() == 1


def test_each_refresh_token_gives_the_next(client: AdminClient, kim: User) -> None:
    first = logged_in(client, kim)

    second = refreshed(client, first["refresh_token"]).json()
    within_grace = refreshed(client, first["refresh_token"])

    assert me(second["access_token"]) == (200, "kim@example.com")
    assert within_grace.status_code == 200
    assert refreshed(client, second["refresh_token"]).status_code == 200


def test_a_refresh_token_that_comes_back_late_ends_the_session(client: AdminClient, kim: User) -> None:
    first = logged_in(client, kim)
    second = refreshed(client, first["refresh_token"]).json()
    OAuthToken.objects.exclude(replaced_at=None).update(replaced_at=datetime.now(UTC) - timedelta(minutes=3))

    late = refreshed(client, first["refresh_token"])

    assert (late.status_code, late.whole["error"]) == (400, "invalid_grant")
    assert me(second["access_token"]) == REFUSED
    assert refreshed(client, second["refresh_token"]).status_code == 400
    assert Event.objects.filter(kind="oauth_session.ended").count() == 1


def test_tokens_end_with_their_time_their_user_and_by_being_revoked(client: AdminClient, kim: User) -> None:
    old, given_up, inactive = (logged_in(client, kim) for _ in range(3))

    OAuthToken.objects.filter(session=OAuthSession.objects.earliest("pk")).update(expires_at=datetime.now(UTC))
    revoked = form(client, "/o/revoke_token/", token=given_up["refresh_token"], client_id="flagsmith-cli")

    assert me(old["access_token"]) == REFUSED
    assert revoked.status_code == 200
    assert me(given_up["access_token"]) == REFUSED
    assert refreshed(client, given_up["refresh_token"]).status_code == 400
    assert me(inactive["access_token"]) == (200, "kim@example.com")
    assert form(client, "/o/revoke_token/", token="nonsense", client_id="flagsmith-cli").status_code == 200
    assert form(client, "/o/revoke_token/", token=inactive["refresh_token"]).status_code == 401
    User.objects.update(is_active=False)
    assert me(inactive["access_token"]) == REFUSED


def test_whoever_has_a_token_may_know_what_it_is(client: AdminClient, kim: User) -> None:
    tokens = logged_in(client, kim)

    found = form(client, "/o/introspect/", token=tokens["access_token"]).json()

    assert {**found, "exp": 0} == {
        "active": True,
        "scope": "admin-api",
        "client_id": "flagsmith-cli",
        "username": "kim@example.com",
        "exp": 0,
    }
    assert form(client, "/o/introspect/", token="nonsense").json() == {"active": False}


def test_an_assistant_registers_and_gets_the_tools_and_nothing_else(client: AdminClient, kim: User) -> None:
    organisation = make_organisation(admin=kim)
    made = client.post("/o/register/", {"redirect_uris": [MCP_CALLBACK, "cursor://anysphere/callback"]})
    its_own = {"client_id": made.json()["client_id"], "redirect_uri": MCP_CALLBACK}

    code = allowed(client, kim, scope="", **its_own)
    tokens = exchanged(client, code, **its_own).json()
    assistant = AdminClient(f"Bearer {tokens['access_token']}")

    registered = made.json()
    assert made.status_code == 201
    assert (registered["client_name"], registered["token_endpoint_auth_method"]) == ("MCP client", "none")
    assert tokens["scope"] == "mcp"
    assert [entry["id"] for entry in assistant.get("organisations/").json()["results"]] == [organisation.pk]
    assert me(tokens["access_token"]) == (200, "kim@example.com")
    refused = assistant.get(f"organisations/{organisation.pk}/users/")
    assert (refused.status_code, refused.whole["code"]) == (403, "insufficient_scope")
    assert assistant.delete("auth/users/me/", {"current_password": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"redirect_uris": ["http://example.com/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://user@example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://example.com/#here"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://example.com/" + "x" * 2000]}, "invalid_redirect_uri"),
        ({"redirect_uris": [MCP_CALLBACK] * 6}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({}, "invalid_redirect_uri"),
        ([], "invalid_client_metadata"),
        ({"redirect_uris": [MCP_CALLBACK], "client_name": "Flаgsmith"}, "invalid_client_metadata"),
        ({"redirect_uris": [MCP_CALLBACK], "grant_types": ["password"]}, "invalid_client_metadata"),
        (
            {"redirect_uris": [MCP_CALLBACK], "token_endpoint_auth_method": "client_secret_post"},
            "invalid_client_metadata",
        ),
    ],
)
def test_registrations_that_are_not_safe_are_refused(client: AdminClient, body: Any, error: str) -> None:
    answer = client.post("/o/register/", body)

    assert (answer.status_code, answer.whole["error"]) == (400, error)
    assert OAuthApplication.objects.count() == 0


def test_what_has_ended_is_forgotten(client: AdminClient, kim: User) -> None:
    for name in ("never", "used"):
        make_oauth_application(client_id=name)
    logged_in(client, kim)
    OAuthApplication.objects.update(created_at=datetime.now(UTC) - timedelta(days=20))
    OAuthApplication.objects.exclude(client_id="flagsmith-cli").update(is_verified=False)
    OAuthApplication.objects.filter(client_id="used").update(allowed_at=datetime.now(UTC))
    now = datetime.now(UTC)

    oauth_tokens.forget_old(now)
    kept = OAuthSession.objects.count(), OAuthToken.objects.count()
    oauth_tokens.forget_old(now + timedelta(days=31))

    assert kept == (1, 2)
    assert set(OAuthApplication.objects.values_list("client_id", flat=True)) == {"flagsmith-cli", "used"}
    assert (OAuthSession.objects.count(), OAuthToken.objects.count(), OAuthCode.objects.count()) == (0, 0, 0)


def test_json_is_told_that_tokens_are_asked_for_by_a_form(client: AdminClient) -> None:
    answer = client.post("/o/token/", {"grant_type": "refresh_token"})

    assert (answer.status_code, answer.whole["hint"]) == (
        415,
        "Send Content-Type: application/x-www-form-urlencoded; this request has another one.",
    )
