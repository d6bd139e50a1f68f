from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane.actions import feature_segments
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import Event, Feature, Membership, Segment
from vexil.controlplane.permissions import SYSTEM, UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT, VIEW_PROJECT


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def feature(scene: Scene) -> Feature:
    return scene.feature(initial_value="one", default_enabled=True)


def path_of(scene: Scene, feature_id: int, rest: str = "") -> str:
    return f"/api/__future__/environments/{scene.environment.api_key}/features/{feature_id}/{rest}"


def text(value: str, kind: str = "string") -> dict[str, str]:
    return {"type": kind, "value": value}


def override(segment: Segment, **fields: Any) -> dict[str, Any]:
    return {"segment": {"id": segment.pk}, **fields}


def test_a_feature_is_shown_with_its_default_and_overrides(scene: Scene, feature: Feature) -> None:
    segment = scene.segment()
    change = Change(value=of_native(True))
    feature_segments.create_override(scene.environment, feature, segment, change, by=SYSTEM)

    assert json_of(scene.api.get(path_of(scene, feature.pk))) == {
        "environment_default": {"enabled": True, "value": text("one"), "variants": []},
        "segment_overrides": [
            override(segment, priority=0, enabled=False, value=text("true", "boolean"), variants=[]),
        ],
    }


def test_a_patch_changes_what_it_names_and_new_overrides_inherit(scene: Scene, feature: Feature) -> None:
    old, new = scene.segment("old"), scene.segment("new")
    feature_segments.create_override(scene.environment, feature, old, Change(value=of_native("kept")), by=SYSTEM)
    Event.objects.all().delete()
    body = {
        "environment_default": {"value": text("7", "integer")},
        "segment_overrides": [override(new, enabled=False), override(old, enabled=True)],
    }

    answer = json_of(scene.api.patch(path_of(scene, feature.pk), body))

    assert answer == {
        "environment_default": {"enabled": True, "value": text("7", "integer"), "variants": []},
        "segment_overrides": [
            override(new, priority=0, enabled=False, value=text("7", "integer"), variants=[]),
            override(old, priority=1, enabled=True, value=text("kept"), variants=[]),
        ],
    }
    assert [event.kind for event in Event.objects.all()] == ["feature.updated_in_environment"]
    assert [(entry.name, entry.overrides[0].value) for entry in scene.snapshot().segments] == [
        ("old", "kept"),
        ("new", 7),
    ]


def test_a_put_resets_what_the_given_parts_leave_out(scene: Scene, feature: Feature) -> None:
    first, second = scene.segment("first"), scene.segment("second")
    for segment in (first, second):
        feature_segments.create_override(scene.environment, feature, segment, Change(True, of_native("x")), by=SYSTEM)

    reset = json_of(scene.api.put(path_of(scene, feature.pk), {"environment_default": {}}))
    replaced = json_of(scene.api.put(path_of(scene, feature.pk), {"segment_overrides": [override(second)]}))

    assert reset["environment_default"] == {"enabled": False, "value": None, "variants": []}
    assert [entry["priority"] for entry in reset["segment_overrides"]] == [0, 1]
    assert replaced["segment_overrides"] == [override(second, priority=0, enabled=False, value=None, variants=[])]


def test_variants_are_given_all_or_none(scene: Scene) -> None:
    options = [OptionFields(value={"string_value": name}, percentage=10) for name in ("a", "b")]
    feature = scene.feature(options=options)
    first, second = feature.multivariate_options.order_by("pk").values_list("pk", flat=True)

    def answer(*weights: tuple[int, float]) -> Any:
        variants = [{"id": pk, "weight": weight} for pk, weight in weights]
        return scene.api.patch(path_of(scene, feature.pk), {"environment_default": {"variants": variants}})

    changed = json_of(answer((first, 60), (second, 40)))
    assert changed["environment_default"]["variants"] == [{"id": first, "weight": 60.0}, {"id": second, "weight": 40.0}]
    assert json_of(answer((first, 1)), 400) == {"detail": "Must include all feature's variants."}
    assert json_of(answer((first, 1), (10**9, 1)), 400) == {"detail": "Variant not found."}
    assert json_of(answer((first, 60), (second, 41)), 400) == {"detail": "Total weight must not exceed 100."}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"enabled": "perhaps"}, {"enabled": ["Must be a valid boolean."]}),
        ({"value": text("x", "integer")}, {"value": {"value": ["A valid integer is required."]}}),
        ({"value": text("x", "boolean")}, {"value": {"value": ["Must be a valid boolean."]}}),
        ({"value": text("x", "float")}, {"value": {"type": ['"float" is not a valid choice.']}}),
    ],
)
def test_a_wrong_part_is_refused_at_its_place(scene: Scene, feature: Feature, body: Any, answer: Any) -> None:
    refusal = scene.api.patch(path_of(scene, feature.pk), {"environment_default": body})

    assert json_of(refusal, 400) == {"environment_default": answer}


def test_an_update_that_contradicts_itself_changes_nothing(scene: Scene, feature: Feature) -> None:
    first, second = scene.segment("first"), scene.segment("second")
    before = scene.snapshot()

    def refusal(**body: Any) -> Any:
        return json_of(scene.api.patch(path_of(scene, feature.pk), body), 400)

    twice = [override(first, priority=3), override(second, priority=3)]
    off = {"enabled": False}
    assert refusal(environment_default=off, segment_overrides=twice) == {"detail": "Duplicate priority: 3."}
    variants = {"variants": [{"id": 1, "weight": 1}]}
    assert refusal(environment_default=variants) == {"detail": "Feature is not multivariate."}
    unknown = [{"segment": {"id": 10**9}}]
    message = {"segment": {"id": ["Segment not found."]}}
    assert refusal(segment_overrides=unknown) == {"segment_overrides": [message]}
    assert scene.snapshot() == before


def test_deleting_an_override_leaves_the_others_in_their_places(scene: Scene, feature: Feature) -> None:
    first, second = scene.segment("first"), scene.segment("second")
    for segment in (first, second):
        feature_segments.create_override(scene.environment, feature, segment, Change(), by=SYSTEM)
    path = path_of(scene, feature.pk, f"segment-overrides/{first.pk}/")

    answer = json_of(scene.api.delete(path))

    assert [(entry["segment"]["id"], entry["priority"]) for entry in answer["segment_overrides"]] == [(second.pk, 1)]
    assert json_of(scene.api.delete(path), 404) == {"detail": "Segment override not found."}


def test_change_requests_keep_flags_from_direct_updates(scene: Scene, feature: Feature) -> None:
    scene.environment.minimum_change_request_approvals = 1
    scene.environment.save()

    answer = scene.api.patch(path_of(scene, feature.pk), {"environment_default": {"enabled": False}})

    assert json_of(answer, 409) == {
        "detail": "Cannot update flags in an environment with change requests enabled.",
        "code": "change_requests_enabled",
    }


def test_each_part_needs_its_own_right(scene: Scene, feature: Feature) -> None:
    member, stranger = make_user(), AdminClient().as_user(make_user())
    Membership.objects.create(organisation=scene.project.organisation, user=member, role="USER")
    grant_project(member, scene.project, VIEW_PROJECT)
    grant_environment(member, scene.environment, VIEW_ENVIRONMENT, UPDATE_FEATURE_STATE)
    api = AdminClient().as_user(member)

    assert api.patch(path_of(scene, feature.pk), {"environment_default": {"enabled": False}}).status_code == 200
    assert api.patch(path_of(scene, feature.pk), {"segment_overrides": []}).status_code == 403
    assert json_of(stranger.get(path_of(scene, feature.pk)), 404) == {"detail": "Not found."}
    assert json_of(scene.api.get(path_of(scene, 10**9)), 404) == {"detail": "Not found."}
