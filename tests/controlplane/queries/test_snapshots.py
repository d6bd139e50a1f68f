from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.scenes import Scene, make_scene
from tests.factories import make_environment
from vexil.controlplane.actions import feature_segments, feature_states, features, identities, multivariate, segments
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.features import FeatureChanges
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import FeatureSegment, FeatureState
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import snapshots


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_every_kind_of_change_is_in_the_next_snapshot(scene: Scene) -> None:
    feature = scene.feature(initial_value="one")
    assert [(flag.name, flag.type) for flag in scene.snapshot().features] == [("flag", "STANDARD")]
    assert [(state.enabled, state.value) for state in scene.snapshot().defaults] == [(False, "one")]

    features.update(feature, FeatureChanges({"is_archived": True, "is_server_key_only": True}), by=SYSTEM)
    assert [(flag.is_archived, flag.is_server_key_only) for flag in scene.snapshot().features] == [(True, True)]

    option = multivariate.create(feature, OptionFields(value={"string_value": "a"}, percentage=10), by=SYSTEM)
    assert [[entry.value for entry in flag.options] for flag in scene.snapshot().features] == [["a"]]
    assert [share.percentage for share in scene.snapshot().defaults[0].allocations] == [10]

    multivariate.update(option, OptionFields(value={"string_value": "b"}), by=SYSTEM)
    assert scene.snapshot().features[0].options[0].value == "b"

    state = scene.default(feature)
    feature_states.update(state, Change(True, of_native(7), [Share(option.pk, 60)]), by=SYSTEM)
    default = scene.snapshot().defaults[0]
    assert (default.enabled, default.value, default.allocations[0].percentage) == (True, 7, 60)

    segment = scene.segment("pros")
    segments.update(segment, {"name": "professionals"}, by=SYSTEM)
    assert [entry.name for entry in scene.snapshot().segments] == ["professionals"]

    override = feature_segments.create_override(scene.environment, feature, segment, Change(True), by=SYSTEM)
    link = FeatureSegment.live.get()
    feature_segments.set_priorities([link], {link.pk: 5}, by=SYSTEM)
    published = scene.snapshot().segments[0].overrides[0]
    assert (published.id, published.link and published.link.priority) == (override.pk, 5)

    kim = scene.identity("kim")
    own = feature_states.create(scene.environment, feature, Change(True), by=SYSTEM, identity=kim)
    assert [(entry.identifier, entry.states[0].id) for entry in scene.snapshot().identity_overrides] == [
        ("kim", own.pk)
    ]

    identities.rename(scene.environment, kim, "lee", by=SYSTEM)
    assert [entry.identifier for entry in scene.snapshot().identity_overrides] == ["lee"]

    feature_states.delete(own, by=SYSTEM)
    feature_segments.delete(link, by=SYSTEM)
    multivariate.delete(option, by=SYSTEM)
    after = scene.snapshot()
    assert (after.identity_overrides, after.segments[0].overrides, after.features[0].options) == ([], [], [])

    segments.delete(segment, by=SYSTEM)
    features.delete(feature, by=SYSTEM)
    last = scene.snapshot()
    assert (last.segments, last.features, last.defaults) == ([], [], [])


def test_only_states_that_are_live_are_in_it_and_of_each_the_newest(scene: Scene) -> None:
    state = scene.default(scene.feature())
    FeatureState.objects.filter(pk=state.pk).update(live_from=datetime(2030, 1, 1, tzinfo=UTC))

    before = snapshots.of_environment(scene.environment.pk, now=datetime(2029, 12, 31, tzinfo=UTC))
    after = snapshots.of_environment(scene.environment.pk, now=datetime(2030, 1, 1, tzinfo=UTC))

    assert before is not None
    assert after is not None
    assert ([entry.id for entry in before[0].defaults], [entry.id for entry in after[0].defaults]) == ([], [state.pk])


def test_its_size_does_not_change_the_number_of_statements(scene: Scene) -> None:
    def add(number: int) -> None:
        options = [OptionFields(value={"string_value": "a"}, percentage=10)]
        feature = scene.feature(f"f{number}", options=options)
        segment = scene.segment(f"s{number}")
        feature_segments.create_override(scene.environment, feature, segment, Change(True), by=SYSTEM)
        identity = scene.identity(f"i{number}")
        feature_states.create(scene.environment, feature, Change(True), by=SYSTEM, identity=identity)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            snapshots.of_environment(scene.environment.pk, now=datetime.now(UTC))
        return len([query for query in queries if query["sql"].startswith("SELECT")])

    add(0)
    before = statements()
    for number in range(1, 6):
        add(number)

    assert (statements(), before) == (before, 8)


def test_an_environment_more_is_one_statement_more(scene: Scene) -> None:
    """What environments share is read once."""
    scene.feature()
    others = [make_environment(scene.project) for _ in range(3)]
    scene.feature("everywhere")

    def built(environment_ids: list[int]) -> tuple[list[int], int]:
        with CaptureQueriesContext(connection) as queries:
            found = list(snapshots.of_environments(environment_ids, now=datetime.now(UTC)))
        statements = len([query for query in queries if query["sql"].startswith("SELECT")])
        assert all(snapshot.features == scene.snapshot().features for snapshot, _ in found)
        return [len(snapshot.defaults) for snapshot, _ in found], statements

    one = built([scene.environment.pk])
    all_four = built([scene.environment.pk, *(other.pk for other in others)])

    assert (one, all_four) == (([2], 8), ([2, 1, 1, 1], 11))


def test_a_deleted_environment_has_no_snapshot(scene: Scene) -> None:
    scene.environment.deleted_at = datetime.now(UTC)
    scene.environment.save()

    assert snapshots.of_environment(scene.environment.pk, now=datetime.now(UTC)) is None
