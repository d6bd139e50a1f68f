from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, at_once, json_of, make_scene
from tests.factories import make_user
from vexil.controlplane.actions import feature_segments, segments
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.segments import NewSegment
from vexil.controlplane.db.models import Feature, FeatureSegment, FeatureState
from vexil.controlplane.permissions import SYSTEM

LINKS = "features/feature-segments/"


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def feature(scene: Scene) -> Feature:
    return scene.feature(initial_value="default")


def link(scene: Scene, feature: Feature, name: str = "one") -> FeatureSegment:
    return feature_segments.create(scene.environment, feature, scene.segment(name), by=SYSTEM)


def places() -> list[tuple[int, int]]:
    return list(FeatureSegment.live.order_by("priority", "pk").values_list("pk", "priority"))


def test_links_are_appended_and_listed_by_priority(scene: Scene, feature: Feature) -> None:
    first, second = scene.segment("one"), scene.segment("two")
    body = {"feature": feature.pk, "environment": scene.environment.pk}

    created = json_of(scene.api.post(LINKS, {**body, "segment": first.pk, "priority": 5}), 201)
    json_of(scene.api.post(LINKS, {**body, "segment": second.pk, "priority": 0}), 201)

    query = f"?environment={scene.environment.pk}&feature={feature.pk}"
    listed = json_of(scene.api.get(LINKS + query))["results"]
    row = FeatureSegment.live.get(segment=first)
    both = {"id": row.pk, "uuid": str(row.uuid), "segment": first.pk, "priority": 0}
    assert created == {**both, "environment": scene.environment.pk, "feature": feature.pk}
    shown = {**both, "environment": scene.environment.pk, "segment_name": "one", "is_feature_specific": False}
    assert listed[0] == shown
    assert [(entry["segment_name"], entry["priority"]) for entry in listed] == [("one", 0), ("two", 1)]
    assert json_of(scene.api.get(f"{LINKS}get-by-uuid/{row.uuid}/")) == shown


def test_both_parameters_of_the_list_are_needed(scene: Scene) -> None:
    required = ["This field is required."]

    assert json_of(scene.api.get(LINKS), 400) == {"environment": required, "feature": required}


def test_a_deleted_link_takes_its_state_along_and_closes_the_gap(scene: Scene, feature: Feature) -> None:
    one, two, three = (link(scene, feature, name) for name in ("one", "two", "three"))
    state = {"feature": feature.pk, "environment": scene.environment.pk, "feature_segment": two.pk}
    json_of(scene.api.post("features/featurestates/", state), 201)

    assert scene.api.delete(f"{LINKS}{two.pk}/").status_code == 204

    assert places() == [(one.pk, 0), (three.pk, 1)]
    assert FeatureState.live.filter(feature_segment=two).count() == 0
    missing = {"detail": "No FeatureSegment matches the given query."}
    assert json_of(scene.api.delete(f"{LINKS}{two.pk}/"), 404) == missing


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ([2, None, None], [(1, 1), (0, 2), (2, 3)]),
        ([None, None, 0], [(2, 0), (0, 1), (1, 2)]),
        ([2, 1, 0], [(2, 0), (1, 1), (0, 2)]),
        ([None, 7, None], [(0, 0), (2, 2), (1, 7)]),
    ],
)
def test_priorities_are_stored_as_sent_and_the_others_make_room(
    scene: Scene, feature: Feature, sent: list[int | None], stored: list[tuple[int, int]]
) -> None:
    links = [link(scene, feature, name) for name in ("one", "two", "three")]
    body = [{"id": row.pk, "priority": place} for row, place in zip(links, sent, strict=True) if place is not None]

    answer = json_of(scene.api.post(f"{LINKS}update-priorities/", body))

    assert [(entry["id"], entry["priority"]) for entry in answer] == [
        (entry["id"], entry["priority"]) for entry in body
    ]
    assert places() == [(links[index].pk, place) for index, place in stored]


def test_priorities_of_unknown_or_scattered_links_are_refused(scene: Scene, feature: Feature) -> None:
    here = link(scene, feature)
    there = link(scene, scene.feature("other"), "two")
    path = f"{LINKS}update-priorities/"

    unknown = scene.api.post(path, [{"id": 10**9, "priority": 0}])
    scattered = scene.api.post(path, [{"id": row.pk, "priority": 0} for row in (here, there)])
    twice = scene.api.post(path, [{"id": row.pk, "priority": 3} for row in (here, link(scene, feature, "three"))])

    assert json_of(unknown, 400) == {"non_field_errors": ["Some of the provided ids were not found."]}
    message = "All feature segments must belong to the same feature & environment."
    assert json_of(scattered, 400) == {"non_field_errors": [message]}
    assert json_of(twice, 400) == {"non_field_errors": ["Each priority can be given only once."]}
    assert json_of(scene.api.post(path, [])) == []
    wrong = {"non_field_errors": ['Expected a list of items but got type "dict".']}
    assert json_of(scene.api.post(path, {}), 400) == wrong


def override_path(scene: Scene, feature: Feature) -> str:
    return f"environments/{scene.environment.api_key}/features/{feature.pk}/create-segment-override/"


def test_an_override_is_made_in_one_call(scene: Scene, feature: Feature) -> None:
    first, second = scene.segment("one"), scene.segment("two")
    body: dict[str, Any] = {"enabled": True, "feature_state_value": {"type": "int", "integer_value": 22}}

    json_of(scene.api.post(override_path(scene, feature), {**body, "feature_segment": {"segment": first.pk}}), 201)
    stronger = {**body, "feature_segment": {"segment": second.pk, "priority": 0}}
    answer = json_of(scene.api.post(override_path(scene, feature), stronger), 201)

    row = FeatureSegment.live.get(segment=second)
    assert answer["feature_segment"] == {"id": row.pk, "segment": second.pk, "priority": 0, "uuid": str(row.uuid)}
    assert answer["feature_state_value"] == {
        "type": "int",
        "integer_value": 22,
        "string_value": "default",
        "boolean_value": None,
    }
    assert "version" not in answer
    published = [
        (entry.name, [(s.enabled, s.value, s.link) for s in entry.overrides]) for entry in scene.snapshot().segments
    ]
    assert [(name, states[0][:2], states[0][2].priority) for name, states in published if states[0][2]] == [
        ("one", (True, 22), 1),
        ("two", (True, 22), 0),
    ]


def test_an_override_needs_a_segment_and_a_value(scene: Scene, feature: Feature) -> None:
    required = ["This field is required."]
    unknown = {"feature_segment": {"segment": 10**9}, "feature_state_value": {}}

    nothing = json_of(scene.api.post(override_path(scene, feature), {}), 400)
    missing = json_of(scene.api.post(override_path(scene, feature), unknown), 400)

    assert nothing == {"feature_segment": required, "feature_state_value": required}
    assert missing == {"feature_segment": {"segment": ['Invalid pk "1000000000" - object does not exist.']}}


def test_a_segment_for_one_feature_overrides_no_other(scene: Scene, feature: Feature) -> None:
    other = scene.feature("other")
    rules = [{"type": "ALL", "conditions": [], "rules": []}]
    segment = segments.create(scene.project, NewSegment(name="own", rules=rules, feature=other), by=SYSTEM)
    body = {"feature": feature.pk, "environment": scene.environment.pk, "segment": segment.pk}

    refusal = scene.api.post(LINKS, body)

    message = f"Can only create segment override(using this segment) for feature {other.pk}"
    assert json_of(refusal, 400) == {"feature": [message]}


def test_an_environment_has_a_limit_of_overrides(scene: Scene, feature: Feature) -> None:
    scene.project.max_segment_overrides_allowed = 1
    scene.project.save()
    link(scene, feature)
    body = {"feature": feature.pk, "environment": scene.environment.pk, "segment": scene.segment("two").pk}

    message = "The environment has reached the maximum allowed segments overrides limit."
    assert json_of(scene.api.post(LINKS, body), 400) == {"environment": message}


def test_links_made_at_once_get_different_priorities(scene: Scene, feature: Feature) -> None:
    found = [scene.segment(f"s{number}") for number in range(6)]
    change = Change(enabled=True)
    calls = [
        lambda segment=segment: feature_segments.create_override(  # type: ignore[misc]
            scene.environment, feature, segment, change, by=SYSTEM, priority=0
        )
        for segment in found
    ]

    at_once(*calls)

    assert [place for _, place in places()] == [0, 1, 2, 3, 4, 5]


def test_strangers_get_an_empty_list_and_may_change_nothing(scene: Scene, feature: Feature) -> None:
    row, stranger = link(scene, feature), AdminClient().as_user(make_user())
    query = f"?environment={scene.environment.pk}&feature={feature.pk}"
    body = {"feature": feature.pk, "environment": scene.environment.pk, "segment": row.segment_id}

    assert json_of(stranger.get(LINKS + query))["results"] == []
    assert stranger.post(LINKS, body).status_code == 403
    assert stranger.delete(f"{LINKS}{row.pk}/").status_code == 404
    assert stranger.post(f"{LINKS}update-priorities/", [{"id": row.pk, "priority": 1}]).status_code == 403
    assert places() == [(row.pk, 0)]
