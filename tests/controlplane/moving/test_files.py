"""A whole organisation to a file and, in another installation, from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane import databases
from tests.controlplane.moving.rich import Rich, make_rich
from tests.factories import make_user
from vexil.controlplane.actions import organisation_imports, segments
from vexil.controlplane.actions.organisation_imports import AlreadyHere, UnfitFile
from vexil.controlplane.actions.segments import NewSegment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Environment,
    Feature,
    FeatureState,
    FeatureVersion,
    Integration,
    Metadata,
    MetadataRequirement,
    Organisation,
    Segment,
    Webhook,
)
from vexil.controlplane.moving import commands, files
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import feature_states, organisation_files
from vexil.wire import document, snapshot

_ALLOWED = {"id", "updated_at", "mv_fs_value_uuid", "identity_uuid"}
"""What may differ in documents: numbers that nothing hangs on, and the time of the last change."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Hears of progress and says nothing."""


def written(rich: Rich, path: Path) -> Path:
    files.write(path, organisation_files.lines(rich.scene.project.organisation))
    return path


def documents() -> dict[str, Any]:
    """The environment documents of all environments that are served, by client key, less what may differ."""
    found = {}
    for environment in Environment.live.filter(project__organisation__deleted_at=None).order_by("pk"):
        stored = stores.current().snapshots.body(environment.pk)
        assert stored, environment.name
        found[environment.api_key] = comparable(document.environment_document(snapshot.decode(stored[1])))
    return found


def comparable(whole: Any, inside: str = "") -> Any:
    if isinstance(whole, list):
        return [comparable(entry, inside) for entry in whole]
    if not isinstance(whole, dict):
        return whole
    kept = {"id"} if inside == "segments" else {"django_id"} if inside == "identity_overrides" else set()
    hidden = _ALLOWED - kept if inside != "identity_overrides" else _ALLOWED | {"django_id"}
    return {
        key: comparable(value, key)
        for key, value in whole.items()
        if key not in hidden and key != "server_key_only_feature_ids"
    }


def decisions() -> dict[tuple[str, str], list[tuple[str, bool, Any]]]:
    """What each stored identity gets, by client key and identifier."""
    found = {}
    for environment in Environment.live.select_related("project").filter(project__organisation__deleted_at=None):
        for identity in stores.current().identities.after(environment.pk, 0, limit=1000):
            decided = feature_states.of_identity(environment, identity)
            found[environment.api_key, identity.identifier] = sorted(
                (one.state.feature.name, one.state.enabled, one.value) for one in decided
            )
    return found


@pytest.fixture
def moved(database: str, tmp_path: Path) -> tuple[Path, dict[str, Any], dict[Any, Any]]:
    """A file of a rich organisation, with its documents and decisions; the tables are empty again."""
    rich = make_rich()
    path = written(rich, tmp_path / "organisation.jsonl.gz")
    before = documents(), decisions()
    for environment in rich.environments:
        stores.current().identities.delete_environment(environment.pk)
    databases.empty()
    return path, *before


def test_a_copy_elsewhere_answers_the_same(moved: tuple[Path, dict[str, Any], dict[Any, Any]]) -> None:
    path, before, decided = moved
    admin = make_user()

    outcome = organisation_imports.load(files.opener(path), on_progress=silent, admin=admin)
    again = organisation_imports.load(files.opener(path), on_progress=silent)

    assert documents() == before
    assert decisions() == decided
    assert {value for *_, rows in decided.items() for _, _, value in rows} >= {"a", 7, "control", "in", "mine"}
    assert (outcome.identities, outcome.moved_identities, outcome.was_there) == (120, 0, False)
    assert again.was_there
    assert list(outcome.organisation.users.all()) == [admin]
    assert Organisation.objects.count() == 1
    assert [row.field_value for row in Metadata.objects.all()] == ["growth"]
    assert MetadataRequirement.objects.get().object_id == outcome.organisation.projects.get().pk
    assert Webhook.objects.get().secret == "s"
    assert Integration.objects.get().settings == {"api_key": "k"}
    assert FeatureVersion.objects.filter(description="draft", published=False).count() == 1
    assert list(Feature.objects.get(name="split").tags.values_list("label", flat=True)) == ["beta"]


def test_owners_are_those_whom_the_other_side_knows(moved: tuple[Path, dict[str, Any], dict[Any, Any]]) -> None:
    path = moved[0]
    owner = next(
        row["row"]["owners"][0]
        for row in map(json.loads, files.opener(path)())
        if row.get("table") == "feature" and row["row"]["name"] == "split"
    )
    known = make_user(owner)

    organisation_imports.load(files.opener(path), on_progress=silent)

    assert list(Feature.objects.get(name="split").owners.all()) == [known]


@pytest.mark.parametrize("stage", ["rows", "identities"])
def test_an_import_that_was_stopped_goes_on(
    moved: tuple[Path, dict[str, Any], dict[Any, Any]], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    path, before, decided = moved
    monkeypatch.setattr(organisation_imports, "_IDENTITIES_AT_ONCE", 7)

    def stop(now: str, done: int, _total: int) -> None:
        if now == stage and done > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        organisation_imports.load(files.opener(path), on_progress=stop)
    seen = Organisation.live.count()
    organisation_imports.load(files.opener(path), on_progress=silent)

    assert seen == 0
    assert documents() == before
    assert decisions() == decided


def test_what_is_here_already_is_refused(tmp_path: Path) -> None:
    path = written(make_rich(), tmp_path / "organisation.jsonl")

    with pytest.raises(AlreadyHere, match="client key"):
        organisation_imports.load(files.opener(path), on_progress=silent)

    assert Organisation.objects.count() == 1


def test_half_a_file_is_refused(moved: tuple[Path, dict[str, Any], dict[Any, Any]], tmp_path: Path) -> None:
    lines = list(files.opener(moved[0])())
    half, other = tmp_path / "half", tmp_path / "other"
    half.write_text("".join(lines[: len(lines) // 2]))
    other.write_text("[]\n")

    for path, complaint in ((half, "not whole"), (other, "no object")):
        with pytest.raises(UnfitFile, match=complaint):
            organisation_imports.load(files.opener(path), on_progress=silent)

    assert Organisation.objects.count() == 0


def test_a_new_segment_never_splits_like_an_imported_one(moved: tuple[Path, dict[str, Any], dict[Any, Any]]) -> None:
    organisation_imports.load(files.opener(moved[0]), on_progress=silent)
    some = Segment.objects.get(name="some")
    # As if the imported one had had the id that the next one gets.
    Segment.objects.filter(pk=some.pk).update(hashing_id=Segment.objects.order_by("-pk")[0].pk + 1)

    new = segments.create(some.project, NewSegment("new", some.rules), by=SYSTEM)

    ids = [segment.split_id for segment in Segment.objects.filter(project=some.project)]
    assert new.hashing_id is not None
    assert len(set(ids)) == len(ids)


def test_the_commands_say_what_they_did_and_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rich = make_rich()
    organisation = rich.scene.project.organisation
    path = tmp_path / "shop.jsonl"

    said = commands.export(organisation.pk, path)

    count = len(path.read_text().splitlines())
    assert said[0] == f"Exported {organisation.name} (organisation {organisation.pk}) to {path}: {count} lines."
    assert said[1].startswith("Not included: users, groups")
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert "lines: 1\n" in capsys.readouterr().err
    for refused, complaint in (
        (lambda: commands.export(0, path), f"There is no organisation 0. There are: {organisation.pk}"),
        (lambda: commands.load(tmp_path / "absent"), "The file cannot be read"),
        (lambda: commands.load(path), "nothing was imported"),
        (lambda: commands.load(path, admin_email="nobody@example.com"), "There is no user nobody@example.com"),
    ):
        with pytest.raises(commands.Failed, match=complaint):
            refused()


def test_overrides_of_identities_that_went_meanwhile_are_left_out(
    moved: tuple[Path, dict[str, Any], dict[Any, Any]], tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in files.opener(moved[0])()]
    kept = [line for line in lines[:-1] if line.get("identifier") != "user-7"]
    kept.append({"end": True, "lines": len(kept)})
    files.write(path := tmp_path / "less", kept)

    outcome = organisation_imports.load(files.opener(path), on_progress=silent)

    assert outcome.identities == 117
    assert FeatureState.objects.filter(identity_identifier__isnull=False).count() == 0
