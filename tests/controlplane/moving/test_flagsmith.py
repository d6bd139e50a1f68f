"""Importing from a running Flagsmith, whose part another Vexil plays."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.controlplane import databases
from tests.controlplane.moving.rich import make_rich
from tests.controlplane.moving.test_files import decisions, documents, written
from tests.factories import PASSWORD, make_user
from tests.http_servers import serving
from tests.journeys.running import VEXIL, Server, environment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Environment,
    Feature,
    Metadata,
    Organisation,
    OrganisationImport,
    ServerKey,
    Webhook,
)
from vexil.controlplane.moving.commands import Failed
from vexil.controlplane.moving.flagsmith import commands
from vexil.controlplane.moving.flagsmith.answers import Answers
from vexil.controlplane.moving.flagsmith.commands import Wanted
from vexil.controlplane.moving.flagsmith.source import Source, SourceFailed

_EMAIL = "root@example.com"


@dataclass(frozen=True)
class Flagsmith:
    server: Server
    token: str
    documents: dict[str, Any]
    decisions: dict[Any, Any]
    server_keys: set[str]

    def wanted(self, **fields: Any) -> Wanted:
        return Wanted(api_url=self.server.url, token=self.token, **fields)


@pytest.fixture(scope="module")
def flagsmith(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flagsmith]:
    """A server with a rich organisation; the tables here are empty when the tests begin."""
    folder = tmp_path_factory.mktemp("flagsmith")
    rich = make_rich()
    path = written(rich, folder / "organisation.jsonl")
    expected = documents(), decisions(), set(ServerKey.objects.values_list("key", flat=True))
    for place in rich.environments:
        stores.current().identities.delete_environment(place.pk)
    databases.empty()
    server = Server(folder)
    for command in (
        ["createadmin", "--email", _EMAIL, "--password", PASSWORD],
        ["import", str(path), "--admin", _EMAIL],
    ):
        subprocess.run(
            [VEXIL, *command, "--data-dir", str(folder / "data")], check=True, capture_output=True, env=environment()
        )
    try:
        server.start()
        login = httpx.post(f"{server.api_url}auth/login/", json={"email": _EMAIL, "password": PASSWORD})
        yield Flagsmith(server, login.json()["key"], *expected)
    finally:
        server.kill()


@pytest.fixture(autouse=True)
def no_identities(empty_tables: None) -> Iterator[None]:
    """Emptying tables leaves the stores alone, and an id that is taken there moves its identity."""
    yield
    for place in Environment.objects.all():
        stores.current().identities.delete_environment(place.pk)


def test_an_organisation_comes_over_with_keys_and_buckets(flagsmith: Flagsmith, tmp_path: Path) -> None:
    admin = make_user()

    trial = commands.run(flagsmith.wanted(is_trial=True), tmp_path)
    untouched = Organisation.objects.count()
    report = commands.run(flagsmith.wanted(admin_email=admin.email), tmp_path)
    again = commands.run(flagsmith.wanted(), tmp_path)

    assert (untouched, list(tmp_path.iterdir())) == (0, [])
    assert "3 environments" in trial[1]
    assert "120 identities, 3 identity overrides" in report[1]
    assert report[-1].endswith("of 120 identities with the Flagsmith: no difference.")
    assert again[0].startswith("It was imported before")
    assert again[-1] == report[-1]
    assert documents() == flagsmith.documents
    assert decisions() == flagsmith.decisions
    assert set(ServerKey.objects.values_list("key", flat=True)) == flagsmith.server_keys
    assert [(row.feature.name, row.field_value) for row in Metadata.objects.all() if row.feature] == [
        ("split", "growth")
    ]
    assert Webhook.objects.get().secret == "s"
    assert list(Feature.objects.get(name="split").tags.values_list("label", flat=True)) == ["beta"]
    assert list(Organisation.objects.get().users.all()) == [admin]


def test_a_reading_and_an_import_that_were_stopped_go_on(
    flagsmith: Flagsmith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops = iter(["identities of", "rows", "identities"])
    asked: list[tuple[str, Any]] = []
    show, ask = commands.Progress.show, Source._ask
    wanted_stop = next(stops)

    def interrupted(self: Any, stage: str, done: int, total: int = 0) -> None:
        show(self, stage, done, total)
        if wanted_stop and stage.startswith(wanted_stop):
            raise KeyboardInterrupt

    def noted(self: Any, url: str, headers: Any) -> Any:
        asked.append((url, headers.get("X-Environment-Key")))
        return ask(self, url, headers)

    monkeypatch.setattr(commands.Progress, "show", interrupted)
    monkeypatch.setattr(Source, "_ask", noted)
    for stop in (wanted_stop, *stops):
        wanted_stop = stop
        with pytest.raises(KeyboardInterrupt):
            commands.run(flagsmith.wanted(sample=0), tmp_path)
        assert Organisation.live.count() == 0
    wanted_stop = ""
    commands.run(flagsmith.wanted(sample=0), tmp_path)

    once = [question for question in asked if "api/v1/organisations/?" not in question[0]]
    assert len(once) == len(set(once))
    assert documents() == flagsmith.documents
    assert decisions() == flagsmith.decisions
    assert list(tmp_path.iterdir()) == []


def test_differences_are_listed(flagsmith: Flagsmith, tmp_path: Path) -> None:
    commands.run(flagsmith.wanted(sample=0), tmp_path)
    split = Feature.objects.get(name="split")
    split.feature_states.update(string_value="changed", hashing_seed="999")

    report = commands.run(flagsmith.wanted(sample=10), tmp_path)

    assert any("split is" in line and "'changed' here" in line for line in report)


def test_what_cannot_be_chosen_is_said(flagsmith: Flagsmith, tmp_path: Path) -> None:
    for wanted, complaint in (
        (flagsmith.wanted(organisation="None such"), "sees no organisation None such. It sees: "),
        (flagsmith.wanted(projects=("None such",)), "There is no project None such."),
        (Wanted(api_url=flagsmith.server.url, token="0" * 40), "answered status 401"),
    ):
        with pytest.raises(Failed, match=complaint):
            commands.run(wanted, tmp_path)

    assert OrganisationImport.objects.count() == 0


def test_a_source_is_asked_patiently(tmp_path: Path) -> None:
    answers: list[tuple[int, dict[str, str], Any]] = [
        (429, {"Retry-After": "1"}, {"detail": "slow down"}),
        (503, {}, {}),
        (200, {}, {"results": [1], "next": "more"}),
        (200, {}, {"results": [2], "next": None}),
        (403, {}, {"detail": "no"}),
    ]
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            status, headers, body = answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    notices: list[str] = []
    kept = Answers(tmp_path / "answers")
    with (
        serving(Handler) as port,
        closing(Source(f"http://127.0.0.1:{port}", "key", kept, notice=notices.append)) as source,
    ):
        entries = list(source.listed("things/"))
        again = list(source.listed("things/"))
        with pytest.raises(SourceFailed, match="status 403"):
            source.get("others/")

    assert entries == again == [1, 2]
    first = "/api/v1/things/?page=1&page_size=100"
    assert seen == [first, first, first, first.replace("page=1&", "page=2&"), "/api/v1/others/"]
    assert notices[0] == "The Flagsmith asks to wait for 1 s (429)."
