import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tests.controlplane.scenes import Scene, at_once, make_scene
from tests.factories import make_environment
from vexil.controlplane.actions import feature_states, features, publishing
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Event, Feature, FeatureState
from vexil.controlplane.permissions import SYSTEM, Actor


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def version(scene: Scene) -> int:
    return Environment.objects.get(pk=scene.environment.pk).version


@transaction.atomic
def change_and_fail(state: FeatureState) -> None:
    feature_states.update(state, Change(value=of_native("lost")), by=SYSTEM)
    _ = 1 / 0


def test_a_change_leaves_one_event_that_tells_who_and_what(scene: Scene) -> None:
    state = scene.default(scene.feature(initial_value="one"))
    Event.objects.all().delete()

    feature_states.update(state, Change(True, of_native(7)), by=Actor(user=scene.admin))

    event = Event.objects.get()
    facts = {
        "feature_id": state.feature_id,
        "feature_segment_id": None,
        "identity_id": None,
        "identifier": None,
        "enabled": False,
        "value": "one",
        "allocations": {},
    }
    assert (event.kind, event.subject_id, event.user_id) == ("feature_state.updated", str(state.pk), scene.admin.pk)
    assert (event.project_id, event.environment_id) == (scene.project.pk, scene.environment.pk)
    assert (event.before, event.after) == (facts, {**facts, "enabled": True, "value": 7})


def test_a_refused_change_leaves_neither_row_nor_event_nor_version_nor_snapshot(scene: Scene) -> None:
    scene.feature()
    before = (Feature.objects.count(), Event.objects.count(), version(scene), scene.snapshot())

    with pytest.raises(Refused):
        features.create(scene.project, NewFeature(name="FLAG"), by=SYSTEM)

    assert (Feature.objects.count(), Event.objects.count(), version(scene), scene.snapshot()) == before


def test_a_change_that_is_rolled_back_later_leaves_nothing_either(scene: Scene) -> None:
    state = scene.default(scene.feature())
    before = (Event.objects.count(), version(scene), scene.snapshot())

    with pytest.raises(ZeroDivisionError):
        change_and_fail(state)

    assert (Event.objects.count(), version(scene), scene.snapshot()) == before


def test_many_changes_in_one_transaction_are_one_version(scene: Scene) -> None:
    scene.feature()
    before = version(scene)

    with transaction.atomic():
        for number in range(5):
            scene.feature(f"more_{number}")

    assert (version(scene), scene.snapshot().version, len(scene.snapshot().features)) == (before + 1, before + 1, 6)


def test_a_change_rolled_back_to_a_savepoint_does_not_hide_the_next_one(scene: Scene) -> None:
    state = scene.default(scene.feature())

    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            change_and_fail(state)
        feature_states.update(state, Change(enabled=True), by=SYSTEM)

    assert [(entry.enabled, entry.value) for entry in scene.snapshot().defaults] == [(True, None)]
    assert scene.snapshot().version == version(scene)


def test_a_crash_between_commit_and_snapshot_is_healed(scene: Scene) -> None:
    state = scene.default(scene.feature())
    publishing.publish_overdue()
    Environment.objects.filter(pk=scene.environment.pk).update(version=version(scene) + 1)
    state.enabled = True
    state.save()
    stale = scene.snapshot().version

    healed = publishing.publish_overdue()

    assert (healed, publishing.publish_overdue()) == (1, 0)
    assert (scene.snapshot().version, scene.snapshot().defaults[0].enabled) == (stale + 1, True)


def test_a_change_of_a_project_is_published_in_all_its_environments(scene: Scene) -> None:
    other = make_environment(scene.project)
    strange = make_environment()

    scene.feature()

    versions = {head.environment_id: head.version for head in stores.current().snapshots.heads()}
    assert versions.pop(other.pk) == 1
    assert (versions.pop(scene.environment.pk), strange.pk in versions) == (version(scene), False)


def test_the_sweep_builds_what_is_there_and_forgets_what_is_deleted(scene: Scene) -> None:
    other = make_environment(scene.project)
    scene.feature()
    Environment.objects.filter(pk__in=[scene.environment.pk, other.pk]).update(version=F("version") + 1)
    Environment.objects.filter(pk=other.pk).update(deleted_at=timezone.now())

    publishing.publish_overdue()

    keys = {head.environment_id: (head.version, len(head.keys)) for head in stores.current().snapshots.heads()}
    assert (keys[scene.environment.pk], keys[other.pk]) == ((version(scene), 1), (2, 0))


def test_the_sweep_leaves_a_change_that_is_just_being_published_to_whoever_made_it(scene: Scene) -> None:
    scene.feature()
    publishing.publish_overdue()
    left_behind, before = publishing.LeftBehind(), version(scene)

    def change() -> None:
        Environment.objects.filter(pk=scene.environment.pk).update(version=F("version") + 1)

    change()
    first_look = left_behind.publish()
    publishing.build([scene.environment.pk])
    change()
    after_another_change = left_behind.publish()

    assert (first_look, after_another_change, scene.snapshot().version) == (0, 0, before + 1)
    assert (left_behind.publish(), scene.snapshot().version, left_behind.publish()) == (1, before + 2, 0)


def test_of_changes_made_at_once_the_last_version_stays(scene: Scene) -> None:
    states = [scene.default(scene.feature(f"f{number}")) for number in range(6)]
    before = version(scene)

    at_once(*[lambda state=state: feature_states.update(state, Change(enabled=True), by=SYSTEM) for state in states])  # type: ignore[misc]

    assert version(scene) == before + 6
    assert (scene.snapshot().version, [entry.enabled for entry in scene.snapshot().defaults]) == (
        before + 6,
        [True] * 6,
    )


def test_a_late_build_does_not_replace_a_newer_snapshot(scene: Scene) -> None:
    scene.feature()
    newest = scene.snapshot()

    stores.current().snapshots.put(scene.environment.pk, newest.version - 1, (), b"old")

    assert scene.snapshot() == newest


def test_two_versions_never_share_a_second(scene: Scene) -> None:
    state = scene.default(scene.feature())
    times = []
    for enabled in (True, False, True):
        feature_states.update(state, Change(enabled=enabled), by=SYSTEM)
        times.append(Environment.objects.get(pk=scene.environment.pk).updated_at)

    assert len({moment.replace(microsecond=0) for moment in times}) == 3
    assert times == sorted(times)
