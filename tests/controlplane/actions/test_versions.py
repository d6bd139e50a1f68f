"""Versions over time: copies of one another, waiting for their moment, merged where two people worked at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.controlplane.scenes import Scene, at_once, make_scene
from vexil.controlplane.actions import environment_clones, feature_updates, versioning, versions
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import OverrideUpdate, Update
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.actions.version_states import StateOfVersion
from vexil.controlplane.actions.versions import NewVersion
from vexil.controlplane.db.models import Environment, Event, Feature, FeatureSegment, FeatureState, FeatureVersion
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import feature_states


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def feature(scene: Scene) -> Feature:
    feature = scene.feature(initial_value="one")
    versioning.enable(scene.environment, by=SYSTEM)
    return feature


def create(scene: Scene, feature: Feature, *, at: datetime | None = None, publish: bool = True, **wanted: Any) -> Any:
    new = NewVersion(live_from=at, publish_immediately=publish, **wanted)
    return versions.create(scene.environment, feature, new, by=SYSTEM)


def for_all(**change: Any) -> dict[str, Any]:
    return {"to_update": [StateOfVersion(Change(**change))]}


def default(scene: Scene) -> tuple[bool, Any]:
    state = scene.snapshot().defaults[0]
    return state.enabled, state.value


def let_time_pass(version: FeatureVersion) -> None:
    FeatureVersion.objects.filter(pk=version.pk).update(live_from=timezone.now() - timedelta(seconds=1))


def test_a_scheduled_version_counts_from_its_time_on(scene: Scene, feature: Feature) -> None:
    scheduled = create(scene, feature, at=timezone.now() + timedelta(days=1), **for_all(value=of_native("later")))
    Event.objects.all().delete()
    assert versions.go_live_due() == 0
    assert default(scene) == (False, "one")

    let_time_pass(scheduled)

    assert (versions.go_live_due(), versions.go_live_due()) == (1, 0)
    assert default(scene) == (False, "later")
    assert [(event.kind, event.subject_id) for event in Event.objects.all()] == [
        ("version.went_live", str(scheduled.pk))
    ]


def test_a_scheduled_state_without_versions_counts_from_its_time_on(scene: Scene) -> None:
    state = scene.default(scene.feature(initial_value="one"))
    now = timezone.now()
    later = FeatureState.objects.create(
        environment=scene.environment, feature=state.feature, string_value="later", version=2
    )
    times = {"live_from": now - timedelta(minutes=1), "updated_at": now - timedelta(minutes=2)}
    FeatureState.objects.filter(pk=later.pk).update(**times)
    FeatureState.objects.filter(pk=state.pk).update(live_from=now - timedelta(hours=1))
    Environment.objects.filter(pk=scene.environment.pk).update(updated_at=now - timedelta(minutes=2))
    assert default(scene) == (False, "one")

    assert (versions.go_live_due(), versions.go_live_due()) == (1, 0)

    assert default(scene) == (False, "later")


def test_looking_for_what_is_due_takes_two_statements(scene: Scene, feature: Feature) -> None:
    with CaptureQueriesContext(connection) as statements:
        versions.go_live_due()

    assert len(statements) == 2


def test_identities_keep_their_variant_from_version_to_version_and_in_clones(scene: Scene) -> None:
    option = OptionFields(value={"string_value": "a"}, percentage=50)
    feature, segment = scene.feature(options=[option]), scene.segment()
    update = Update(overrides=[OverrideUpdate(segment, Change(True))])
    feature_updates.merge(scene.environment, feature, update, by=SYSTEM)

    def seeds(environment: Environment) -> list[str]:
        states = FeatureState.current.filter(environment=environment, feature=feature)
        return sorted(state.seed for state in states)

    before = seeds(scene.environment)
    versioning.enable(scene.environment, by=SYSTEM)
    create(scene, feature, **for_all(enabled=True))
    feature_updates.merge(scene.environment, feature, Update(default=Change(False)), by=SYSTEM)

    clone = environment_clones.clone(scene.environment, name="Copy", by=SYSTEM)
    assert seeds(scene.environment) == seeds(clone) == before
    versioning.disable(clone, by=SYSTEM)
    assert seeds(clone) == before


def test_a_draft_takes_what_others_changed_meanwhile(scene: Scene, feature: Feature) -> None:
    mine, theirs, gone = scene.segment("mine"), scene.segment("theirs"), scene.segment("gone")
    create(scene, feature, to_create=[StateOfVersion(Change(value=of_native("gone")), gone)])
    draft = create(scene, feature, publish=False, to_create=[StateOfVersion(Change(value=of_native("mine")), mine, 0)])
    other = [StateOfVersion(Change(value=of_native("theirs")), theirs, 0)]
    create(scene, feature, segments_to_leave=[gone.pk], to_create=other, **for_all(value=of_native("two")))

    versions.publish(draft, by=SYSTEM)

    assert default(scene) == (False, "two")
    overrides = feature_states.overrides(scene.environment, feature)
    assert [(state.value, link.priority) for state in overrides if (link := state.feature_segment)] == [
        ("mine", 0),
        ("theirs", 1),
    ]


def test_what_a_draft_changed_itself_it_keeps(scene: Scene, feature: Feature) -> None:
    draft = create(scene, feature, publish=False, **for_all(value=of_native("mine")))
    create(scene, feature, **for_all(value=of_native("theirs")))

    versions.publish(draft, by=SYSTEM)

    assert default(scene) == (False, "mine")


def test_people_who_edit_a_flag_at_once_lose_nothing(scene: Scene, feature: Feature) -> None:
    segments = [scene.segment(f"segment {number}") for number in range(4)]

    def override(number: int) -> None:
        wanted = StateOfVersion(Change(value=of_native(number)), segments[number], 0)
        draft = create(scene, feature, publish=number % 2 == 0, to_create=[wanted])
        versions.publish(draft, by=SYSTEM)

    def switch_on() -> None:
        feature_updates.merge(scene.environment, feature, Update(default=Change(True)), by=SYSTEM)

    def set_value() -> None:
        feature_updates.merge(scene.environment, feature, Update(default=Change(value=of_native("two"))), by=SYSTEM)

    at_once(switch_on, set_value, *(lambda number=number: override(number) for number in range(4)))

    assert default(scene) == (True, "two")
    overrides = feature_states.overrides(scene.environment, feature)
    assert sorted(state.value for state in overrides) == [0, 1, 2, 3]
    links = FeatureSegment.current.filter(feature=feature)
    assert sorted(links.values_list("priority", flat=True)) == [0, 1, 2, 3]
    assert len([state for segment in scene.snapshot().segments for state in segment.overrides]) == 4


def test_people_who_publish_the_same_draft_at_once_publish_it_once(scene: Scene, feature: Feature) -> None:
    draft = create(scene, feature, publish=False)
    Event.objects.all().delete()

    published = at_once(*[lambda: versions.publish(draft, by=SYSTEM)] * 4)

    assert len({version.live_from for version in published}) == 1
    assert [event.kind for event in Event.objects.all()] == ["version.published"]
