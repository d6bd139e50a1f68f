from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_feature, make_user
from vexil.controlplane.actions import feature_segments
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import FeatureSegment, FeatureState, Segment
from vexil.controlplane.permissions import SYSTEM


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def path_of(scene: Scene, rest: str = "") -> str:
    return f"projects/{scene.project.pk}/segments/{rest}"


def condition(operator: str = "EQUAL", trait: str | None = "plan", value: Any = "pro") -> dict[str, Any]:
    return {"operator": operator, "property": trait, "value": value}


def rules(*conditions: Any) -> list[Any]:
    return [{"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "conditions": list(conditions), "rules": []}]}]


def test_a_segment_is_answered_with_numbered_rules(scene: Scene) -> None:
    answer = json_of(scene.api.post(path_of(scene), {"name": "pros", "rules": rules(condition())}), 201)

    segment = Segment.live.get()
    assert answer == {
        "id": segment.pk,
        "uuid": str(segment.uuid),
        "created_at": segment.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": segment.updated_at.isoformat().replace("+00:00", "Z"),
        "name": "pros",
        "description": None,
        "project": scene.project.pk,
        "feature": None,
        "version_of": segment.pk,
        "rules": [
            {
                "id": 1,
                "type": "ALL",
                "conditions": [],
                "rules": [{"id": 2, "type": "ANY", "conditions": [{"id": 3, **condition(), "description": None}]}],
            }
        ],
        "metadata": [],
        "membership_counts": [],
        "managed_by": "",
    }
    assert json_of(scene.api.get(f"segments/get-by-uuid/{segment.uuid}/")) == answer


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (42, "42"),
        (True, "True"),
        (None, "None"),
        (1.5, "1.5"),
        (["DE", "FR"], "['DE', 'FR']"),
        ("", ""),
        (" x ", " x "),
    ],
)
def test_a_conditions_value_becomes_text(scene: Scene, sent: Any, stored: str) -> None:
    scene.api.post(path_of(scene), {"name": "s", "rules": rules(condition(value=sent))})

    assert Segment.live.get().rules[0]["rules"][0]["conditions"][0]["value"] == stored


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (condition("LIKE"), {"operator": ['"LIKE" is not a valid choice.']}),
        ({"property": "plan"}, {"operator": ["This field is required."]}),
        ({"operator": "EQUAL", "value": "x"}, {"property": ["This field is required."]}),
        (condition(value="v" * 1001), {"value": ["Ensure this field has no more than 1000 characters."]}),
        (condition(trait="p" * 1001), {"property": ["Ensure this field has no more than 1000 characters."]}),
        (condition("MODULO", value="3-1"), {"value": ["Must be of the form divisor|remainder."]}),
        (condition("MODULO", value="0|1"), {"value": ["Must be of the form divisor|remainder."]}),
        (condition("PERCENTAGE_SPLIT", None, "101"), {"value": ["Must be a number between 0 and 100."]}),
        (condition("PERCENTAGE_SPLIT", None, "nan"), {"value": ["Must be a number between 0 and 100."]}),
        ("text", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
    ],
)
def test_a_wrong_condition_is_refused_at_its_place(scene: Scene, sent: Any, fault: Any) -> None:
    refusal = scene.api.post(path_of(scene), {"name": "s", "rules": rules(condition(), sent)})

    assert json_of(refusal, 400) == {"rules": [{"rules": [{"conditions": [{}, fault]}]}]}
    assert Segment.objects.count() == 0


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("[", "not a regular expression: unterminated character set at position 0"),
        (r"(a)\1", r"a back-reference, \1 or (?P=…), is not supported"),
    ],
)
def test_a_pattern_that_cannot_run_is_refused_with_the_reason(scene: Scene, pattern: str, fault: str) -> None:
    refusal = scene.api.post(path_of(scene), {"name": "s", "rules": rules(condition("REGEX", value=pattern))})

    expected = {"rules": [{"rules": [{"conditions": [{"value": [f"Invalid regular expression: {fault}."]}]}]}]}
    assert json_of(refusal, 400) == expected


def test_what_is_marked_as_deleted_is_dropped(scene: Scene) -> None:
    gone = {**condition("LIKE"), "delete": True}
    body = {"name": "s", "rules": [*rules(condition(), gone), {"type": "SOME", "delete": True}]}

    answer = json_of(scene.api.post(path_of(scene), body), 201)

    assert [len(rule["rules"][0]["conditions"]) for rule in answer["rules"]] == [1]


def test_rules_have_two_levels_and_a_hundred_conditions(scene: Scene) -> None:
    deep = [{"type": "ALL", "rules": [{"type": "ANY", "rules": rules(condition())}]}]
    many = rules(*[condition()] * 101)

    too_deep = json_of(scene.api.post(path_of(scene), {"name": "s", "rules": deep}), 400)
    too_many = json_of(scene.api.post(path_of(scene), {"name": "s", "rules": many}), 400)
    empty = json_of(scene.api.post(path_of(scene), {"name": "s", "rules": []}), 400)

    assert too_deep == {"segment": ["Rules must not be nested more than 2 levels deep."]}
    message = "The segment has 101 conditions, which exceeds the maximum condition count of 100."
    assert too_many == {"segment": [message]}
    assert empty == {"rules": {"non_field_errors": ["This list may not be empty."]}}
    assert scene.api.post(path_of(scene), {"name": "s", "rules": rules(*[condition()] * 100)}).status_code == 201


def test_a_project_has_a_limit_of_segments(scene: Scene) -> None:
    scene.project.max_segments_allowed = 1
    scene.project.save()
    scene.segment()

    refusal = scene.api.post(path_of(scene), {"name": "s", "rules": rules(condition())})

    assert json_of(refusal, 400) == {"project": "The project has reached the maximum allowed segments limit."}


def test_a_feature_of_another_project_has_no_segments_here(scene: Scene) -> None:
    foreign = make_feature()

    refusal = scene.api.post(path_of(scene), {"name": "s", "feature": foreign.pk, "rules": rules(condition())})

    assert json_of(refusal, 400) == {"feature": [f'Invalid pk "{foreign.pk}" - object does not exist.']}


def test_a_change_replaces_the_rules_and_renumbers_them(scene: Scene) -> None:
    segment = scene.segment()
    path = path_of(scene, f"{segment.pk}/")

    renamed = json_of(scene.api.patch(path, {"name": "renamed"}))
    changed = json_of(scene.api.patch(path, {"rules": rules(condition(value="max"))}))

    assert (renamed["name"], renamed["rules"][0]["id"]) == ("renamed", 1)
    assert changed["rules"][0]["id"] == 3
    assert json_of(scene.api.put(path, {"name": "x"}), 400) == {"rules": ["This field is required."]}
    assert [entry.rules[0].rules[0].conditions[0].value for entry in scene.snapshot().segments] == ["max"]


def test_a_clone_has_the_same_rules_under_another_name(scene: Scene) -> None:
    segment = scene.segment()

    clone = json_of(scene.api.post(path_of(scene, f"{segment.pk}/clone/"), {"name": "copy"}), 201)

    assert (clone["name"], clone["id"] != segment.pk) == ("copy", True)
    assert Segment.live.get(name="copy").rules == segment.rules
    nameless = scene.api.post(path_of(scene, f"{segment.pk}/clone/"), {})
    assert json_of(nameless, 400) == {"name": ["This field is required."]}


def test_deleting_a_segment_takes_its_overrides_along(scene: Scene) -> None:
    segment, feature = scene.segment(), scene.feature()
    state = feature_segments.create_override(scene.environment, feature, segment, Change(), by=SYSTEM)
    path = path_of(scene, f"{segment.pk}/")

    listed = json_of(scene.api.get(f"{path}associated-features/?environment={scene.environment.pk}"))["results"]
    assert scene.api.delete(path).status_code == 204

    assert listed == [{"id": state.pk, "feature": feature.pk, "environment": scene.environment.pk}]
    assert json_of(scene.api.get(path), 404) == {"detail": "No Segment matches the given query."}
    assert FeatureSegment.live.count() == 0
    assert FeatureState.live.filter(feature_segment__isnull=False).count() == 0
    assert scene.snapshot().segments == []


def test_lists_are_narrowed_by_name_kind_and_identity(scene: Scene) -> None:
    feature = scene.feature()
    pros, frees = scene.segment("pros"), scene.segment("frees", value="free")
    specific = {"name": "specific", "feature": feature.pk, "rules": rules(condition(value="x"))}
    json_of(scene.api.post(path_of(scene), specific), 201)
    kim = scene.identity("kim")
    stores.current().identities.set_traits(scene.environment.pk, kim.id, {"plan": "pro"})

    def listed(query: str) -> list[str]:
        return [entry["name"] for entry in json_of(scene.api.get(path_of(scene, f"?{query}")))["results"]]

    assert listed("") == [pros.name, frees.name, "specific"]
    assert listed("q=RO") == ["pros"]
    assert listed("include_feature_specific=false") == ["pros", "frees"]
    assert listed(f"identity={kim.id}") == ["pros"]
    assert listed("identity=99999999") == []


def test_strangers_see_no_segments(scene: Scene) -> None:
    segment, stranger = scene.segment(), AdminClient().as_user(make_user())

    hidden = {"detail": "No Project matches the given query."}
    assert json_of(stranger.get(path_of(scene, f"{segment.pk}/")), 404) == hidden
    assert json_of(stranger.delete(path_of(scene, f"{segment.pk}/")), 404) == hidden
    assert stranger.post(path_of(scene), {"name": "x", "rules": rules(condition())}).status_code == 403
