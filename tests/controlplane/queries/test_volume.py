import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.scenes import Scene, json_of, make_scene
from vexil.controlplane.actions import feature_segments, feature_states, features
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.features import FeatureChanges
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import FeatureState
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import volume
from vexil.controlplane.queries.volume import EnvironmentVolume, Fill, Kind
from vexil.stores.evaluations import EvaluationKey
from vexil.wire.document import encoded, environment_document

NOW = datetime.now(UTC)


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def measured(scene: Scene) -> EnvironmentVolume:
    found = volume.of_environment(scene.environment, now=NOW)
    assert found is not None
    return found


def found(scene: Scene) -> list[tuple[Kind, str]]:
    return [(finding.kind, finding.name) for finding in measured(scene).findings]


def test_the_size_is_that_of_the_document_and_its_contents_are_counted(scene: Scene) -> None:
    banner, segment = scene.feature("banner"), scene.segment("pros")
    feature_segments.create_override(scene.environment, banner, segment, Change(True), by=SYSTEM)
    for name in ("kim", "lee"):
        feature_states.create(scene.environment, banner, Change(True), by=SYSTEM, identity=scene.identity(name))
    features.update(scene.feature("old"), FeatureChanges({"is_archived": True}), by=SYSTEM)

    seen = measured(scene)

    assert seen.document_bytes == len(encoded(scene.snapshot()))
    assert (seen.version, seen.defaults, seen.archived_features) == (scene.snapshot().version, 1, 1)
    assert (seen.segments, seen.segment_overrides, seen.identity_overrides) == (1, 1, 2)
    assert seen.build_seconds > 0
    assert seen.findings == ()
    scene.feature("another")
    assert measured(scene).defaults == 2


def test_what_could_be_smaller_is_ranked_by_size(scene: Scene) -> None:
    big = scene.feature("big", initial_value="x" * 3000)
    for name in ("forgotten", "busy", "changed"):
        scene.feature(name)
    unused, used = scene.segment("unused"), scene.segment("used")
    feature_segments.create_override(scene.environment, big, used, Change(True, of_native("é" * 600)), by=SYSTEM)
    long_ago = NOW - timedelta(days=31)
    old = FeatureState.objects.filter(feature__name__in=("forgotten", "busy"))
    old.update(updated_at=long_ago)
    stores.current().evaluations.add(
        {EvaluationKey(scene.environment.pk, "busy", NOW.replace(minute=0, second=0, microsecond=0), None, ""): 1}
    )

    first, *others = measured(scene).findings

    assert (first.kind, first.name, first.document_bytes, first.overrides) == (Kind.LARGE_VALUE, "big", 6604, 1)
    by_name = {finding.name: finding for finding in others}
    assert {name: finding.kind for name, finding in by_name.items()} == {
        "forgotten": Kind.UNUSED_FEATURE,
        "unused": Kind.UNUSED_SEGMENT,
    }
    document = environment_document(scene.snapshot())
    [state] = [entry for entry in document["feature_states"] if entry["feature"]["name"] == "forgotten"]
    assert by_name["forgotten"].document_bytes == len(json.dumps(state, separators=(",", ":")))
    assert by_name["forgotten"].changed_at == long_ago
    [segment] = [entry for entry in document["project"]["segments"] if entry["id"] == unused.pk]
    assert by_name["unused"].document_bytes == len(json.dumps(segment, separators=(",", ":")))


def test_many_overrides_of_one_feature_are_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "MANY_OVERRIDES", 2)
    banner = scene.feature("banner")
    for name in ("kim", "lee"):
        assert found(scene) == []
        feature_states.create(scene.environment, banner, Change(True), by=SYSTEM, identity=scene.identity(name))

    [finding] = measured(scene).findings

    assert (finding.kind, finding.overrides) == (Kind.MANY_OVERRIDES, 2)


def test_archiving_makes_the_document_smaller_and_takes_the_finding_away(scene: Scene) -> None:
    feature = scene.feature("big", initial_value="x" * 3000)
    before = measured(scene)

    path = f"projects/{scene.project.pk}/features/{feature.pk}/"
    json_of(scene.api.patch(path, {"is_archived": True}))

    after = measured(scene)
    assert (before.document_bytes - after.document_bytes > 3000, after.archived_features) == (True, 1)
    assert ([finding.name for finding in before.findings], after.findings) == (["big"], ())


def test_it_costs_a_fixed_number_of_statements(scene: Scene) -> None:
    def add(number: int) -> None:
        feature, segment = scene.feature(f"f{number}"), scene.segment(f"s{number}")
        feature_segments.create_override(scene.environment, feature, segment, Change(True), by=SYSTEM)
        scene.segment(f"unused{number}")

    def statements() -> list[int]:
        counts = []
        for ask in (lambda: measured(scene), lambda: volume.of_project(scene.project)):
            with CaptureQueriesContext(connection) as captured:
                ask()
            counts.append(len(captured))
        return counts

    add(0)
    few = statements()
    for number in range(1, 11):
        add(number)
    assert (few, statements()) == ([2, 5], [2, 5])


def test_the_admin_api_shows_both(scene: Scene) -> None:
    big = scene.feature("big", initial_value="x" * 3000)
    feature_segments.create_override(scene.environment, big, scene.segment(), Change(True), by=SYSTEM)
    environment = scene.environment

    shown: dict[str, Any] = json_of(scene.api.get(f"environments/{environment.api_key}/volume/"))
    project = json_of(scene.api.get(f"projects/{scene.project.pk}/volume/"))

    assert shown["document_bytes"] == len(encoded(scene.snapshot()))
    assert shown["findings"] == [
        {
            "kind": "large_value",
            "id": big.pk,
            "name": "big",
            "document_bytes": 6004,
            "overrides": 1,
            "changed_at": None,
        }
    ]
    assert project == {
        "features": {"count": 1, "limit": 1000},
        "archived_features": 0,
        "segments": {"count": 1, "limit": 500},
        "segment_overrides": [{"environment": environment.pk, "name": environment.name, "count": 1, "limit": 2000}],
    }
    assert volume.of_project(scene.project).features == Fill(1, 1000)
