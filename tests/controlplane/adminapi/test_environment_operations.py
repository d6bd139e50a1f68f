from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_user
from vexil.controlplane.actions import feature_segments, feature_states, identities, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Environment,
    EnvironmentGrant,
    Event,
    Metadata,
    MetadataField,
    MetadataModelField,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import SYSTEM
from vexil.wire import snapshot


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def path_of(scene: Scene, rest: str) -> str:
    return f"environments/{scene.environment.api_key}/{rest}/"


def published(environment: Environment) -> snapshot.Snapshot:
    stored = stores.current().snapshots.body(environment.pk)
    assert stored is not None
    return snapshot.decode(stored[1])


def without_ids(states: list[snapshot.State]) -> list[Any]:
    return [(state.feature_id, state.enabled, state.value, state.seed) for state in states]


@pytest.mark.parametrize("versioned", [False, True])
def test_a_clone_has_the_settings_and_states_and_not_the_identities(scene: Scene, *, versioned: bool) -> None:
    feature, segment, kim = scene.feature(initial_value="one"), scene.segment(), scene.identity()
    feature_segments.create_override(scene.environment, feature, segment, Change(True, of_native(7)), by=SYSTEM)
    feature_states.create(scene.environment, feature, Change(True), by=SYSTEM, identity=kim)
    Environment.objects.filter(pk=scene.environment.pk).update(banner_text="careful", hide_disabled_flags=True)
    if versioned:
        versioning.enable(scene.environment, by=SYSTEM)
    Event.objects.all().delete()

    answer = json_of(scene.api.post(path_of(scene, "clone"), {"name": scene.environment.name}))

    clone = Environment.objects.get(pk=answer["id"])
    assert answer == {
        "id": clone.pk,
        "name": scene.environment.name,
        "api_key": clone.api_key,
        "project": scene.project.pk,
    }
    assert clone.api_key != scene.environment.api_key
    assert (clone.banner_text, clone.hide_disabled_flags) == ("careful", True)
    assert clone.use_v2_feature_versioning == versioned
    before, after = scene.snapshot(), published(clone)
    assert without_ids(after.defaults) == without_ids(before.defaults)
    assert without_ids(after.segments[0].overrides) == without_ids(before.segments[0].overrides)
    assert (len(before.identity_overrides), after.identity_overrides) == (1, [])
    assert EnvironmentGrant.objects.get(environment=clone).user == scene.admin
    assert [(event.kind, event.environment_id) for event in Event.objects.all()] == [("environment.created", clone.pk)]


def test_a_clone_has_the_custom_fields(scene: Scene) -> None:
    field = MetadataField.objects.create(organisation=scene.project.organisation, name="team", type="str")
    on_environments = MetadataModelField.objects.create(field=field, content_type=ContentType.ENVIRONMENT)
    Metadata.objects.create(environment=scene.environment, model_field=on_environments, field_value="shop")

    answer = json_of(scene.api.post(path_of(scene, "clone"), {"name": "Copy"}))

    copied = Metadata.objects.get(environment=answer["id"])
    assert (copied.model_field, copied.field_value) == (on_environments, "shop")


def test_metrics_count_features_and_overrides(scene: Scene) -> None:
    feature = scene.feature(default_enabled=True)
    scene.feature("other")
    feature_segments.create_override(scene.environment, feature, scene.segment(), Change(True), by=SYSTEM)
    feature_segments.create(scene.environment, feature, scene.segment("without state"), by=SYSTEM)
    feature_states.create(scene.environment, feature, Change(True), by=SYSTEM, identity=scene.identity())

    metrics = json_of(scene.api.get(path_of(scene, "metrics")))["metrics"]

    assert [(metric["name"], metric["value"]) for metric in metrics] == [
        ("total_features", 2),
        ("enabled_features", 1),
        ("segment_overrides", 1),
        ("identity_overrides", 1),
    ]


def test_keys_of_traits_are_listed_and_deleted(scene: Scene) -> None:
    for name, traits in (("kim", {"plan": "pro", "age": 7}), ("lee", {"plan": "free"})):
        identities.set_traits(scene.environment, scene.identity(name), dict(traits), by=SYSTEM)
    assert json_of(scene.api.get(path_of(scene, "trait-keys"))) == {"keys": ["age", "plan"]}

    json_of(scene.api.post(path_of(scene, "delete-traits"), {"key": "plan"}))

    assert json_of(scene.api.get(path_of(scene, "trait-keys"))) == {"keys": ["age"]}
    assert json_of(scene.api.post(path_of(scene, "delete-traits"), {}), 400) == {
        "detail": "Couldn't delete trait keys."
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "clone"),
        ("GET", "metrics"),
        ("GET", "trait-keys"),
        ("POST", "delete-traits"),
        ("POST", "enable-v2-versioning"),
        ("POST", "disable-v2-versioning"),
    ],
)
def test_strangers_are_refused(scene: Scene, method: str, path: str) -> None:
    outsider = AdminClient().as_user(make_user())

    assert json_of(outsider.send(method, path_of(scene, path), {"name": "x", "key": "x"}), 403) == {
        "detail": "You do not have permission to perform this action."
    }
