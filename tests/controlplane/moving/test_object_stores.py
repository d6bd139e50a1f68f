"""Organisations to and from an S3 on loopback, with boto3; and undoing an import that was stopped."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.controlplane import databases
from tests.controlplane.moving.rich import make_rich
from tests.controlplane.moving.test_files import decisions, documents
from tests.http_servers import serving
from vexil.controlplane.actions import organisation_imports
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Organisation
from vexil.controlplane.moving import commands, files, object_stores

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-west-1/s3/aws4_request, SignedHeaders=.+, Signature=.+"
)


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What the bucket holds, by path."""
    kept: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if _SIGNED.fullmatch(self.headers["Authorization"]):
                kept[self.path] = body
            self._answer(200 if self.path in kept else 403)

        def do_GET(self) -> None:
            self._answer(200 if self.path in kept else 404, kept.get(self.path, b""))

        do_HEAD = do_GET  # noqa: N815 -- the name that http.server calls

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"x"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    with serving(Handler) as port:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        }.items():
            monkeypatch.setenv(name, value)
        yield kept


def empty() -> None:
    for environment_id in Environment.objects.values_list("pk", flat=True):
        stores.current().identities.delete_environment(environment_id)
    databases.empty()


def test_an_organisation_goes_to_a_bucket_and_comes_back(objects: dict[str, bytes]) -> None:
    organisation = make_rich().scene.project.organisation
    before = documents(), decisions()

    said = object_stores.export(organisation.pk, "backups", "shop.jsonl.gz")
    empty()
    told = object_stores.load("backups", "shop.jsonl.gz")

    assert objects["/backups/shop.jsonl.gz"].startswith(b"\x1f\x8b")
    assert "to s3://backups/shop.jsonl.gz" in said[0]
    assert told[0].startswith(f"Imported {organisation.name} as organisation ")
    assert (documents(), decisions()) == before
    with pytest.raises(commands.Failed, match=r"s3://backups/other cannot be read: .*404"):
        object_stores.load("backups", "other")


def test_an_import_that_was_stopped_can_be_undone(tmp_path: Path) -> None:
    organisation = make_rich().scene.project.organisation
    path = tmp_path / "shop.jsonl"
    commands.export(organisation.pk, path)
    empty()

    def stop(stage: str, _done: int, _total: int) -> None:
        if stage == "identities":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        organisation_imports.load(files.opener(path), on_progress=stop)
    begun = organisation_imports.unfinished()[0]
    read = tmp_path / f"flagsmith-{begun.file_id}.answers"
    read.touch()
    listed = commands.unfinished()
    environment_id = Environment.objects.values_list("pk", flat=True)[0]
    undone = commands.abandon(begun.organisation_id, tmp_path)

    assert listed[0].startswith(f"{begun.organisation_id}: {organisation.name}, begun ")
    assert undone == [f"The import of {organisation.name} is undone; its keys are free again."]
    assert (Organisation.objects.count(), Environment.objects.count(), read.exists()) == (0, 0, False)
    assert stores.current().identities.after(environment_id, 0, limit=10) == []
    assert commands.unfinished() == ["No import is unfinished."]
    with pytest.raises(commands.Failed, match="no unfinished import"):
        commands.abandon(begun.organisation_id, tmp_path)
    assert commands.load(path)[0].startswith(f"Imported {organisation.name} as organisation ")
