from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_user
from vexil.controlplane.actions import environments, versioning
from vexil.controlplane.db.models import Feature
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import feature_states


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture(params=["v1", "v2"])
def feature(scene: Scene, request: pytest.FixtureRequest) -> Feature:
    """In environments with either kind of versioning."""
    feature = scene.feature(initial_value="one")
    if request.param == "v2":
        versioning.enable(scene.environment, by=SYSTEM)
    return feature


def path_of(scene: Scene, name: str) -> str:
    return f"/api/experiments/environments/{scene.environment.api_key}/{name}/"


def state(value: str, kind: str = "string") -> dict[str, Any]:
    return {"enabled": True, "value": {"type": kind, "value": value}}


def in_environment(scene: Scene, feature: Feature) -> list[tuple[bool, Any, int | None]]:
    """Enabled, value and priority of the default and the overrides."""
    default = feature_states.default(scene.environment, feature)
    states = [default, *feature_states.overrides(scene.environment, feature)]
    return [
        (row.enabled, row.value, row.feature_segment.priority if row.feature_segment else None) for row in states if row
    ]


def test_a_flag_and_one_override_are_set_by_name(scene: Scene, feature: Feature) -> None:
    first, second = scene.segment("first"), scene.segment("second")
    named, update = {"feature": {"name": "flag"}}, path_of(scene, "update-flag-v1")

    json_of(scene.api.post(update, {**named, **state("two")}), 204)
    json_of(scene.api.post(update, {**named, "segment": {"id": first.pk}, **state("7", "integer")}), 204)
    json_of(scene.api.post(update, {**named, "segment": {"id": second.pk}, **state("true", "boolean")}), 204)
    assert in_environment(scene, feature) == [(True, "two", None), (True, 7, 0), (True, True, 1)]

    json_of(scene.api.post(update, {**named, "segment": {"id": second.pk, "priority": 0}, **state("x")}), 204)
    assert in_environment(scene, feature) == [(True, "two", None), (True, "x", 0), (True, 7, 1)]

    delete = path_of(scene, "delete-segment-override")
    body = {"feature": {"id": feature.pk}, "segment": {"id": second.pk}}
    json_of(scene.api.post(delete, body), 204)
    assert in_environment(scene, feature) == [(True, "two", None), (True, 7, 1)]
    assert json_of(scene.api.post(delete, body), 404) == {"detail": "Segment override not found."}


def test_a_flag_is_set_with_all_its_overrides(scene: Scene, feature: Feature) -> None:
    override = {"segment_id": scene.segment().pk, **state("for pro")}
    states = {"environment_default": state("5", "integer"), "segment_overrides": [override]}
    body = {"feature": {"id": feature.pk}, **states}

    json_of(scene.api.post(path_of(scene, "update-flag-v2"), body), 204)

    assert in_environment(scene, feature) == [(True, 5, None), (True, "for pro", 0)]


def test_what_cannot_be_set_is_said(scene: Scene, feature: Feature) -> None:
    update = path_of(scene, "update-flag-v1")
    required = ["This field is required."]

    assert json_of(scene.api.post(update, {}), 400) == {"feature": required, "enabled": required, "value": required}
    assert json_of(scene.api.post(update, {"feature": {"name": "nope"}, **state("x")}), 400) == [
        "Feature '{'name': 'nope'}' not found in project"
    ]
    body = {"feature": {"name": "flag"}, **state("x")}
    outsider = AdminClient().as_user(make_user())
    assert json_of(outsider.post(update, body), 403) == {"detail": "You do not have permission to perform this action."}
    environments.update(scene.environment, minimum_change_request_approvals=1, by=SYSTEM)
    assert json_of(scene.api.post(update, body), 403) == {
        "detail": "Cannot update flags in an environment with change requests enabled."
    }
    assert in_environment(scene, feature) == [(False, "one", None)]
