"""Tokens of other issuers in place of keys, with an issuer of our own that signs them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.controlplane.receivers import Receiver, receiver
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_master_api_key
from vexil.controlplane.db.models import Event, MasterAPIKey, TrustRelationship
from vexil.controlplane.integrations import oidc

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RULE = {"claim": "sub", "values": ["repo:acme/shop:ref:refs/heads/*", "repo:acme/[x]"]}
NO_MATCH = "No trust relationship matches this token."


@dataclass
class Issuer:
    url: str
    served: Receiver

    def token(self, key: Any = KEY, *, key_id: str = "k1", algorithm: str = "RS256", **changes: Any) -> str:
        soon = datetime.now(UTC) + timedelta(minutes=5)
        claims = {"iss": self.url, "aud": "flags", "sub": "repo:acme/shop:ref:refs/heads/main", "exp": soon, **changes}
        sent = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(sent, key, algorithm=algorithm, headers={"kid": key_id})


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    oidc.forget_keys()
    with ExitStack() as stack:
        served = stack.enter_context(receiver())
        url = served.url.removesuffix("/hook")
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        served.answers = {
            "GET /.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/keys"},
            "GET /keys": {"keys": [{**public, "kid": "k1", "use": "sig"}]},
        }
        stack.enter_context(override_settings(VEXIL=replace(settings.VEXIL, webhooks_may_be_internal=True)))
        yield Issuer(url, served)


def path(scene: Scene) -> str:
    return f"organisations/{scene.project.organisation_id}/trust-relationships/"


def trusted(scene: Scene, issuer: Issuer, **changes: Any) -> dict[str, Any]:
    body = {"name": "ci", "issuer": issuer.url, "audience": "flags", "claim_rules": [RULE], "is_admin": True}
    made: dict[str, Any] = json_of(scene.api.post(path(scene), {**body, **changes}), 201)
    return made


def exchange(token: Any) -> tuple[int, Any]:
    answer = AdminClient().post("auth/oidc/token/", {"token": token})
    return answer.status_code, answer.json()


def bearer(token: str) -> AdminClient:
    return AdminClient(f"Bearer {token}")


def test_a_trusted_token_is_exchanged_for_an_hour_of_access(scene: Scene, issuer: Issuer) -> None:
    made = trusted(scene, issuer)

    status, given = exchange(issuer.token())
    script = bearer(given["access_token"])
    environments = script.get(f"environments/?project={scene.project.pk}")
    created = script.post(f"projects/{scene.project.pk}/features/", {"name": "by_ci"})

    key = MasterAPIKey.objects.get()
    assert {**made, "created_at": "", "id": 0} == {
        "id": 0,
        "name": "ci",
        "issuer": issuer.url,
        "audience": "flags",
        "claim_rules": [RULE],
        "is_admin": True,
        "master_api_key_id": f"{key.prefix}.{key.public_id}",
        "master_api_key_prefix": key.prefix,
        "created_at": "",
        "created_by": scene.admin.pk,
    }
    assert (status, {**given, "access_token": ""}) == (
        200,
        {"access_token": "", "token_type": "Bearer", "expires_in": 3600},
    )
    assert [entry["id"] for entry in environments.json()["results"]] == [scene.environment.pk]
    assert created.status_code == 201
    assert Event.objects.filter(kind="feature.created").latest("pk").master_api_key_prefix == key.prefix
    # It is no key that one could see, use or delete as such.
    keys = scene.api.get(f"organisations/{scene.project.organisation_id}/master-api-keys/").json()
    assert keys["count"] == 0
    exchange(issuer.token())
    assert issuer.served.requests == ["GET /.well-known/openid-configuration", "GET /keys"]


def test_what_a_token_has_to_say_is_checked(scene: Scene, issuer: Issuer) -> None:
    trusted(scene, issuer)
    now = datetime.now(UTC)

    refused = {
        "not signed by it": exchange(issuer.token(OTHER_KEY)),
        "with a secret": exchange(issuer.token("x" * 64, algorithm="HS256")),
        "an unknown key": exchange(issuer.token(key_id="k2")),
        "expired": exchange(issuer.token(exp=now - timedelta(minutes=2))),
        "without an end": exchange(issuer.token(exp=None)),
        "another audience": exchange(issuer.token(aud="others")),
        "another branch": exchange(issuer.token(sub="repo:acme/other")),
        "a pattern's letter": exchange(issuer.token(sub="repo:acme/x")),
        "no such claim": exchange(issuer.token(sub=None)),
        "another issuer": exchange(issuer.token(iss="https://else.example.com")),
        "no JWT": exchange("nonsense"),
    }

    assert refused == {
        "not signed by it": (401, {"detail": "Token validation failed."}),
        "with a secret": (401, {"detail": "Token validation failed."}),
        "an unknown key": (401, {"detail": "The issuer has no key with which this token is signed."}),
        "expired": (401, {"detail": "Token has expired."}),
        "without an end": (401, {"detail": "Token validation failed."}),
        "another audience": (401, {"detail": NO_MATCH}),
        "another branch": (401, {"detail": NO_MATCH}),
        "a pattern's letter": (401, {"detail": NO_MATCH}),
        "no such claim": (401, {"detail": NO_MATCH}),
        "another issuer": (401, {"detail": NO_MATCH}),
        "no JWT": (401, {"detail": "Token is not a valid JWT."}),
    }
    assert exchange(issuer.token(aud=["others", "flags"], sub="repo:acme/[x]"))[0] == 200
    assert AdminClient().post("auth/oidc/token/", {}).json() == {"token": ["This field is required."]}


def test_two_that_match_open_nothing(scene: Scene, issuer: Issuer) -> None:
    trusted(scene, issuer)
    trusted(scene, issuer, claim_rules=[])

    assert exchange(issuer.token()) == (401, {"detail": "More than one trust relationship matches this token."})


def test_what_was_given_ends_with_the_relationship(scene: Scene, issuer: Issuer) -> None:
    made = trusted(scene, issuer)
    token = exchange(issuer.token())[1]["access_token"]
    before = bearer(token).get("projects/").status_code

    limited = scene.api.patch(f"{path(scene)}{made['id']}/", {"is_admin": False, "name": "less"})
    seen = bearer(token).get("projects/").json()
    deleted = scene.api.delete(f"{path(scene)}{made['id']}/")

    assert before == 200
    assert (limited.json()["is_admin"], limited.json()["name"], seen) == (False, "less", [])
    assert deleted.status_code == 204
    assert bearer(token).get("projects/").status_code == 401
    assert exchange(issuer.token()) == (401, {"detail": NO_MATCH})
    assert TrustRelationship.objects.count() == 0


def test_it_ends_after_its_time(scene: Scene, issuer: Issuer) -> None:
    trusted(scene, issuer)
    token = exchange(issuer.token())[1]["access_token"]

    with override_settings(VEXIL=replace(settings.VEXIL, trust_relationship_token_seconds=-1)):
        assert bearer(token).get("projects/").status_code == 401
    assert bearer(token + "x").get("projects/").status_code == 401


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://issuer.example.com", "Issuer must be an https:// URL."),
        ("issuer.example.com", "Issuer must be an https:// URL."),
        ("https://[", "Issuer must be an https:// URL."),
        ("https://issuer.example.com/?a=b", "Issuer must not contain a query string or fragment."),
        ("https://127.0.0.1/", "Issuer must not be in an internal or private network."),
        ("https://metadata.internal", "Issuer must not be in an internal or private network."),
    ],
)
def test_issuers_that_cannot_be_asked_safely_are_refused(scene: Scene, url: str, message: str) -> None:
    body = {"name": "ci", "issuer": url, "audience": "flags", "claim_rules": [], "is_admin": True}

    answer = scene.api.post(path(scene), body)

    assert (answer.status_code, answer.json()) == (400, {"issuer": [message]})


def test_whether_as_admin_has_to_be_said(scene: Scene, issuer: Issuer) -> None:
    made = trusted(scene, issuer)
    body = {"name": "ci", "issuer": issuer.url, "audience": "flags"}

    answers = [scene.api.post(path(scene), body), scene.api.put(f"{path(scene)}{made['id']}/", body)]

    assert [answer.json() for answer in answers] == [{"is_admin": ["This field is required."]}] * 2


def test_keys_do_not_manage_it(scene: Scene, issuer: Issuer) -> None:
    trusted(scene, issuer)
    token = exchange(issuer.token())[1]["access_token"]
    key = make_master_api_key(scene.project.organisation)[1]

    assert [caller.get(path(scene)).status_code for caller in (bearer(token), AdminClient().with_key(key))] == [401] * 2


def test_internal_addresses_are_not_asked(scene: Scene, issuer: Issuer) -> None:
    """Also when the name leads there only later: it is looked up again, and refused, when it is asked."""
    trusted(scene, issuer)
    with override_settings(VEXIL=replace(settings.VEXIL, webhooks_may_be_internal=False)):
        status, body = exchange(issuer.token())

    assert (status, body) == (401, {"detail": "The issuer's keys must be served over https."})
    assert issuer.served.requests == []
