"""`vexil serve` starts on nothing, says what is wrong with its settings, and stops without losing anything."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.journeys import connections
from tests.journeys.admin import Admin
from tests.journeys.running import VEXIL, Server, environment, free_port

NewServer = Callable[..., Server]


def identity(server: Server, key: str, **body: object) -> dict[str, object]:
    answer = httpx.post(f"{server.api_url}identities/", json=body, headers={"X-Environment-Key": key})
    assert answer.status_code == 200
    return {trait["trait_key"]: trait["trait_value"] for trait in answer.json()["traits"]}


def test_it_starts_on_an_empty_folder_and_prints_its_address(new_server: NewServer) -> None:
    server = new_server()
    (server.folder / "data").mkdir()
    server.start()

    assert httpx.get(f"{server.url}/health/liveness/").json() == {"status": "ok"}
    assert f"http://127.0.0.1:{server.port}/" in server.written()


def test_pages_are_compressed_where_that_is_switched_on(new_server: NewServer) -> None:
    server = new_server(ENABLE_GZIP_COMPRESSION="true").start()

    plain, compressed = (
        httpx.get(f"{server.url}/docs/", headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip")
    )

    assert (plain.status_code, plain.headers.get("content-encoding")) == (200, None)
    assert compressed.headers["content-encoding"] == "gzip"
    assert (compressed.text[:500], compressed.text[-500:]) == (plain.text[:500], plain.text[-500:])
    assert "Accept-Encoding" in compressed.headers["vary"]


def test_sigterm_ends_it_cleanly_and_nothing_is_lost(new_server: NewServer) -> None:
    server = new_server().start()
    admin = Admin(server.api_url)
    admin.create_project()
    feature = admin.create_feature("banner", "hello", enabled=True)
    admin.change(admin.default_state(feature), feature_state_value="good day")
    identity(server, admin.client_key, identifier="kim", traits=[{"trait_key": "age", "trait_value": 30}])

    status = server.stop()
    server.start()

    flags = httpx.get(f"{server.api_url}flags/", headers={"X-Environment-Key": admin.client_key}).json()
    assert (status, [flag["feature_state_value"] for flag in flags]) == (0, ["good day"])
    assert identity(server, admin.client_key, identifier="kim") == {"age": 30}


def test_workers_end_by_themselves_when_the_main_process_alone_was_killed(new_server: NewServer) -> None:
    server = new_server(workers=2).start()
    processes = connections.descendants(server.pid)

    os.kill(server.pid, signal.SIGKILL)

    give_up_at = time.monotonic() + 10
    while any(map(is_alive, processes)) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert (len(processes) >= 3, [process for process in processes if is_alive(process)]) == (True, [])
    assert server.stop() == -signal.SIGKILL
    assert server.start()


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_first_administrator_is_created_once_when_asked_for(new_server: NewServer) -> None:
    server = new_server(ALLOW_ADMIN_INITIATION_VIA_CLI="true", ADMIN_EMAIL="boss@example.com").start()
    first = server.written()
    server.stop()
    server.start()

    wanted = [
        'Superuser "boss@example.com" created successfully.',
        'Organisation "Default Organisation" created successfully.',
        'Project "Default Project" created successfully.',
    ]
    assert [line in first.splitlines() for line in wanted] == [True, True, True]
    assert "Please go to the following page and choose a password: http" in first
    assert server.written().count("created successfully.") == 3


def test_nobody_is_created_when_not_asked_for(new_server: NewServer) -> None:
    server = new_server().start()

    version = httpx.get(f"{server.url}/version/").json()

    assert version["self_hosted_data"] == {"has_users": False, "has_logins": False}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://somebody@somewhere/db"),
        ("GUNICORN_WORKERS", "many"),
        ("DEBUG", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("ACCESS_LOG_LOCATION", "/no/such/folder/access.log"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("DJANGO_DB_NAME", "vexil"),
        ("VEXIL_BODY_BYTES_MAX", "10MB"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(tmp_path: Path, variable: str, value: str) -> None:
    ended = serve_until_it_ends(tmp_path, **{variable: value})

    lines = ended.stderr.splitlines()
    assert (ended.returncode != 0, len(lines), ended.stdout) == (True, 1, "")
    assert variable in lines[0] or (variable == "DJANGO_DB_NAME" and "DJANGO_DB_USER" in lines[0])
    assert "somebody" not in lines[0]


def test_an_unreachable_database_stops_the_start_with_one_line(tmp_path: Path) -> None:
    ended = serve_until_it_ends(tmp_path, DATABASE_URL=f"postgres://user:secret@127.0.0.1:{free_port()}/vexil")

    assert (ended.returncode, ended.stdout, "secret" in ended.stderr) == (1, "", False)
    assert ended.stderr.startswith("vexil: the database cannot be reached")
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_that_is_taken_stops_the_start_with_one_line(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server().start()

    ended = serve_until_it_ends(tmp_path, port=server.port)

    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert f"127.0.0.1:{server.port}" in ended.stderr


def serve_until_it_ends(
    folder: Path, *, port: int | None = None, **settings: str
) -> "subprocess.CompletedProcess[str]":
    command = [VEXIL, "serve", "--port", str(port or free_port()), "--data-dir", str(folder / "other")]
    return subprocess.run(
        command, env=environment(**settings), cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_weak_password_of_a_new_administrator_is_refused_in_one_line(tmp_path: Path) -> None:
    command = [VEXIL, "createadmin", "--data-dir", str(tmp_path), "--email", "boss@example.com", "--password", "123"]

    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "vexil: This password is too short. It must contain at least 8 characters. "
        "This password is too common. This password is entirely numeric.\n"
    )
