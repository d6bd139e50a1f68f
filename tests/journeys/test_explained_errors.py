"""Each cause for which people search is named by the running server, and found by `vexil doctor`."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.doctor.fronts import front, passing_on
from tests.journeys.admin import Admin
from tests.journeys.running import VEXIL, Server, environment
from vexil.doctor import examination
from vexil.doctor.findings import BAD, Finding

FLAGS, DOCUMENT = "flags/", "environment-document/"


class Keys:
    """One of each kind that does not do, made and unmade through the API."""

    def __init__(self, admin: Admin) -> None:
        path = f"environments/{admin.client_key}/api-keys/"
        self.inactive = admin.post(path, {"name": "inactive", "active": False})["key"]
        self.expired = admin.post(path, {"name": "expired", "expires_at": "2020-01-01T00:00:00Z"})["key"]
        deleted = admin.post(path, {"name": "deleted"})
        admin.client.delete(f"{path}{deleted['id']}/").raise_for_status()
        self.deleted = deleted["key"]
        masters = f"organisations/{admin.organisation['id']}/master-api-keys/"
        made = {name: admin.post(masters, {"name": name, "is_admin": True}) for name in ("good", "removed", "over")}
        admin.client.delete(f"{masters}{made['removed']['prefix']}/").raise_for_status()
        admin.client.put(
            f"{masters}{made['over']['prefix']}/",
            json={"name": "over", "is_admin": True, "expiry_date": "2020-01-01T00:00:00Z"},
        ).raise_for_status()
        self.master, self.revoked, self.over = (made[name]["key"] for name in ("good", "removed", "over"))

    def secrets(self, admin: Admin) -> list[str]:
        token = admin.client.headers["Authorization"].partition(" ")[2]
        ended = [self.inactive, self.expired, self.deleted, self.revoked, self.over]
        return [admin.server_key, self.master, token, *ended]


def doctor(address: str, key: str | None = None, token: str | None = None) -> tuple[int, dict[str, Finding], str]:
    """Exit status, findings by step, and all that is printed."""
    findings = examination.of_address(address, key, token)
    printed, status = examination.report(findings, in_json=False)
    return status, {finding.step: finding for finding in findings}, printed


def command(*arguments: str, **settings: str) -> tuple[int, dict[str, Any]]:
    """The same as a script has it."""
    words = [VEXIL, "doctor", *arguments, "--json"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment(**settings))
    assert ended.stdout, ended.stderr
    findings = json.loads(ended.stdout)["findings"]
    return ended.returncode, {finding["step"]: finding for finding in findings}


def test_keys_and_credentials(server: Server, admin: Admin) -> None:
    keys = Keys(admin)
    flags = {
        "unknown_environment_key": "A2b3C4d5E6f7G8h9J2k3L4",
        "malformed_environment_key": admin.server_key[:-5],
        "inactive_server_key": keys.inactive,
        "expired_server_key": keys.expired,
        "deleted_server_key": keys.deleted,
        "wrong_header": keys.master,
    }
    admins = {
        "unknown_api_key": f"{keys.master[:9]}{'x' * 32}",
        "malformed_credential": admin.client_key,
        "revoked_api_key": keys.revoked,
        "expired_api_key": keys.over,
        "invalid_user_token": "0123456789" * 4,
        "wrong_scheme": f"Token {keys.master}",
    }
    told = []

    with httpx.Client(base_url=server.api_url, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        for code, key in flags.items():
            answer = client.get(FLAGS, headers={"X-Environment-Key": key})
            told.append((answer.status_code, answer.json()["code"], code))
        for code, token in admins.items():
            value = token if " " in token else f"{'Token' if token.isdigit() else 'Api-Key'} {token}"
            answer = client.get("organisations/", headers={"Authorization": value})
            told.append((answer.status_code, answer.json()["code"], code))
    assert [(status, code) for status, code, _ in told] == [(401, wanted) for *_, wanted in told]

    for (flags_code, key), (admin_code, token) in zip(flags.items(), admins.items(), strict=True):
        status, steps, printed = doctor(server.url, key, token)
        assert (status, steps["Key"].code, steps["Token"].code) == (1, flags_code, admin_code)
        assert key not in printed
        assert token not in printed

    written = server.written()
    assert [secret for secret in keys.secrets(admin) if secret in written] == []


def test_headers_that_are_mixed_up_or_lost(server: Server, admin: Admin) -> None:
    document = httpx.get(server.api_url + DOCUMENT, headers={"X-Environment-Key": admin.client_key})
    mixed = httpx.get(server.api_url + "projects/", headers={"X-Environment-Key": admin.client_key})
    with front(passing_on(server.port, without="x-environment-key", Age="30")) as port:
        _, steps, _ = doctor(f"http://127.0.0.1:{port}", admin.server_key)

    assert (document.status_code, document.json()["code"]) == (403, "server_key_needed")
    assert (mixed.status_code, mixed.json()["code"]) == (403, "wrong_header")
    assert "proxy" in steps["Header"].hint
    assert steps["Cache"].code == "answers_cached"


def test_a_server_that_is_well(server: Server, admin: Admin) -> None:
    token = admin.client.headers["Authorization"]

    status, steps, printed = doctor(server.api_url, admin.server_key, token)
    local_status, local = command("--data-dir", str(server.folder / "data"), **database_of(server))

    assert (status, [step for step, finding in steps.items() if finding.state == BAD]) == (0, [])
    assert {"Health", "Prefix", "Slash", "Key", "Cache", "Document", "304", "Token", "Throttle"} <= set(steps)
    assert (local_status, local["Database"]["state"], local["Migrations"]["state"]) == (0, "good", "good")
    assert admin.server_key not in printed


def test_wrong_hosts_and_paths(server: Server) -> None:
    with httpx.Client(base_url=server.url, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        foreign = client.get("/api/v1/flags/", headers={"Host": "flags.example.com"})
        health = client.get("/health")
        unprefixed = client.get("/v1/identities/")
        misspelt = client.get("/api/v1/enviroment-document/")
    with front(passing_on(server.port, without="host")) as port:
        _, steps, _ = doctor(f"http://127.0.0.1:{port}/wrong/api/v1/")

    assert (foreign.status_code, foreign.headers["vexil-error-code"]) == (400, "host_not_allowed")
    assert "flags.example.com" not in foreign.text
    assert "host=flags.example.com" in server.written()
    assert health.headers["vexil-refused-host"].startswith("flags.example.com")
    assert (unprefixed.status_code, unprefixed.json()["code"]) == (404, "missing_prefix")
    assert "/api/v1/environment-document/" in misspelt.json()["hint"]
    assert next(finding.code for finding in steps.values() if finding.state == BAD) == "unknown_path"


def test_a_host_that_is_refused_is_found(new_server: Callable[..., Server]) -> None:
    server = new_server(DJANGO_ALLOWED_HOSTS="127.0.0.1").start()

    status, steps = command(f"http://localhost:{server.port}")

    assert (status, steps["Host"]["code"]) == (1, "host_not_allowed")


@pytest.mark.parametrize(
    ("settings", "step", "code"),
    [
        ({"USER_THROTTLE_RATE": "often"}, "Settings", "settings_invalid"),
        ({"DATABASE_URL": "postgres://a:b@127.0.0.1:1/none"}, "Database", "database_unavailable"),
        ({"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": "1"}, "Mail", "mail_unreachable"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "Traces", "collector_unreachable"),
    ],
)
def test_an_installation_that_is_not_well(server: Server, settings: dict[str, str], step: str, code: str) -> None:
    status, steps = command("--data-dir", str(server.folder / "data"), **(database_of(server) | settings))

    assert (status, steps[step]["code"]) == (1, code)


def test_where_nothing_is_installed(tmp_path_factory: pytest.TempPathFactory) -> None:
    status, steps = command("--data-dir", str(tmp_path_factory.mktemp("empty")))

    assert (status, steps["Folder"]["code"]) == (1, "not_installed")


def database_of(server: Server) -> dict[str, str]:
    url = server._environment.get("DATABASE_URL")
    return {"DATABASE_URL": url} if url else {}
