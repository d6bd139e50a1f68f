import asyncio
import json
import threading

import pytest

from tests.dataplane.conftest import Serve
from vexil import __version__
from vexil.dataplane import health
from vexil.dataplane.health import Installation, readiness, version


def failing() -> None:
    raise ConnectionError("db.internal:5432 refused")


class MigrationsPending(Exception):
    """As the control plane's check raises it, which this plane cannot import."""


def test_liveness_asks_nobody(serve: Serve) -> None:
    answer = serve().get("/health/liveness/")

    assert (answer.status, answer.json()) == (200, {"status": "ok"})


def test_all_paths_of_readiness_answer_without_a_redirect(serve: Serve) -> None:
    client = serve()

    for path in ("/health", "/health/", "/healthcheck", "/health/readiness/"):
        answer = client.get(path, accept="application/json")
        assert (answer.status, answer.json()) == (200, {"DatabaseBackend": "working"})
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", None, "text/html; charset=utf-8"),
        ("", "*/*", "text/html; charset=utf-8"),
        ("", "text/html", "text/html; charset=utf-8"),
        ("?format=json", "*/*", "application/json"),
        ("", "application/json, text/plain", "application/json"),
    ],
)
def test_readiness_is_a_page_for_people_and_json_for_programs(
    serve: Serve, query: str, accept: str | None, kind: str
) -> None:
    answer = serve().request("GET", f"/health/readiness/{query}", headers={"accept": accept})

    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert b"DatabaseBackend" in answer.body


def test_the_page_of_a_failure_names_the_check_and_the_remedy(serve: Serve) -> None:
    loop = serve().loop

    answer = loop.run_until_complete(readiness(Installation({"<Database>": failing}), as_page=True))

    assert (answer.status, dict(answer.headers)["Vexil-Error-Code"]) == (500, "database_unavailable")
    assert "&lt;Database&gt;<td>unavailable: ConnectionError" in answer.body.decode()
    assert "DATABASE_URL" in answer.body.decode()


def test_a_failing_check_is_named_without_its_secrets(serve: Serve) -> None:
    loop = serve().loop

    answer = loop.run_until_complete(readiness(Installation({"DatabaseBackend": failing, "Other": lambda: None})))

    explained = {name: text for name, text in json.loads(answer.body).items() if name not in {"hint", "docs"}}
    assert (answer.status, explained) == (
        500,
        {"DatabaseBackend": "unavailable: ConnectionError", "Other": "working", "code": "database_unavailable"},
    )


def test_probes_of_a_database_that_does_not_answer_take_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_CALL_SECONDS_MAX", 0.05)
    answers, called = threading.Event(), []

    def stuck() -> None:
        called.append(1)
        answers.wait(10)

    async def story() -> list[int]:
        paused = Installation({"DatabaseBackend": stuck})
        statuses = [(await readiness(paused)).status for _ in range(3)]
        calls_meanwhile = len(called)
        answers.set()
        return [*statuses, calls_meanwhile, (await readiness(paused)).status]

    assert asyncio.run(story()) == [500, 500, 500, 1, 200]


def test_waiting_migrations_are_named(serve: Serve) -> None:
    def behind() -> None:
        raise MigrationsPending

    loop = serve().loop

    checks = {"DatabaseBackend": lambda: None, "MigrationsHealthCheck": behind}
    answer = loop.run_until_complete(readiness(Installation(checks)))

    assert (answer.status, json.loads(answer.body)["code"]) == (500, "migrations_pending")


def test_a_refused_host_is_told_to_whoever_may_ask_for_the_health(serve: Serve) -> None:
    client = serve()

    refused = client.get("/api/v1/flags/", host="flags.example.com")
    told = client.get("/health")

    assert (refused.status, refused.headers["vexil-error-code"]) == (400, "host_not_allowed")
    assert b"flags.example.com" not in refused.body
    assert told.status == 200
    assert told.headers["vexil-refused-host"] == "flags.example.com (see DJANGO_ALLOWED_HOSTS)"


def test_the_version_tells_of_people_and_mail_where_there_is_a_control_plane(serve: Serve) -> None:
    loop = serve().loop
    whole = Installation({}, people=lambda: (True, False), sends_mail=True)

    answer = loop.run_until_complete(version(whole))

    assert answer.body.decode() == (
        f'{{"ci_commit_sha":"unknown","image_tag":"vexil-{__version__}","has_email_provider":true,'
        '"is_enterprise":false,"is_saas":false,"self_hosted_data":{"has_users":true,"has_logins":false},'
        f'"package_versions":{{".":"{__version__}"}}}}'
    )


def test_the_version_without_database_is_told_as_such(serve: Serve) -> None:
    def people() -> tuple[bool, bool]:
        raise ConnectionError("db.internal:5432 refused")

    client = serve()
    client.data_plane._installation = Installation({}, people=people)

    answer = client.get("/version/")

    assert (answer.status, answer.explanation()["code"]) == (503, "database_unavailable")


def test_a_node_without_a_control_plane_knows_no_people(serve: Serve) -> None:
    assert serve().get("/version/").json()["self_hosted_data"] is None


def test_forms_posted_to_health_and_version_are_refused(serve: Serve) -> None:
    client = serve()

    for path in ("/health", "/version/"):
        answer = client.request("POST", path)
        assert (answer.status, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
