from typing import Any

import pytest

from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_environment, make_feature
from vexil.controlplane.actions import features
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.db.models import Allocation, Feature, MultivariateOption
from vexil.controlplane.permissions import SYSTEM


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def feature(scene: Scene) -> Feature:
    return scene.feature(initial_value="control")


def path_of(feature: Feature, rest: str = "") -> str:
    return f"projects/{feature.project_id}/features/{feature.pk}/mv-options/{rest}"


def option(of: Feature, **body: Any) -> dict[str, Any]:
    return {"feature": of.pk, "type": "unicode", "string_value": "blue", **body}


def type_of(feature: Feature) -> str:
    return Feature.objects.get(pk=feature.pk).type


def shares(feature: Feature) -> list[float]:
    rows = Allocation.objects.filter(feature_state__feature=feature).order_by("pk")
    return list(rows.values_list("percentage", flat=True))


def test_an_option_makes_the_feature_multivariate_and_gets_its_share_everywhere(scene: Scene) -> None:
    make_environment(scene.project)
    feature = scene.feature(initial_value="control")

    body = option(feature, default_percentage_allocation=30, key="blue-one")
    answer = json_of(scene.api.post(path_of(feature), body), 201)

    row = MultivariateOption.objects.get()
    assert answer == {
        "id": row.pk,
        "uuid": str(row.uuid),
        "type": "unicode",
        "integer_value": None,
        "string_value": "blue",
        "boolean_value": None,
        "default_percentage_allocation": 30.0,
        "key": "blue-one",
        "feature": feature.pk,
    }
    assert (type_of(feature), shares(feature)) == ("MULTIVARIATE", [30.0, 30.0])
    assert json_of(scene.api.get(f"multivariate/options/get-by-uuid/{row.uuid}/")) == answer


def test_without_its_last_option_a_feature_is_standard_again(scene: Scene, feature: Feature) -> None:
    first, second = (
        json_of(scene.api.post(path_of(feature), option(feature, default_percentage_allocation=50)), 201)
        for _ in range(2)
    )

    scene.api.delete(path_of(feature, f"{first['id']}/"))
    between = type_of(feature)
    scene.api.delete(path_of(feature, f"{second['id']}/"))

    assert (between, type_of(feature), shares(feature)) == ("MULTIVARIATE", "STANDARD", [])


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"feature": None}, {"feature": ["This field may not be null."]}),
        ({"default_percentage_allocation": 71}, {"default_percentage_allocation": ["Invalid percentage allocation"]}),
        ({}, {"default_percentage_allocation": ["Invalid percentage allocation"]}),
        ({"default_percentage_allocation": "some"}, {"default_percentage_allocation": ["A valid number is required."]}),
        ({"default_percentage_allocation": "nan"}, {"default_percentage_allocation": ["A valid number is required."]}),
        (
            {"default_percentage_allocation": -1},
            {"default_percentage_allocation": ["Ensure this value is greater than or equal to 0."]},
        ),
        ({"type": "float"}, {"type": ['"float" is not a valid choice.']}),
        ({"key": "control"}, {"key": ['"control" is a reserved variant key.']}),
        ({"key": "taken"}, {"key": ["Multivariate option with this key already exists for the feature."]}),
        (
            {"key": "no slug!"},
            {"key": ["Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."]},
        ),
    ],
)
def test_what_cannot_be_an_option_is_refused(scene: Scene, feature: Feature, body: Any, answer: Any) -> None:
    scene.api.post(path_of(feature), option(feature, default_percentage_allocation=30, key="taken"))

    assert json_of(scene.api.post(path_of(feature), option(feature, **body)), 400) == answer
    assert MultivariateOption.objects.count() == 1


def test_the_feature_must_be_named_and_be_of_the_project(scene: Scene, feature: Feature) -> None:
    foreign = make_feature()

    missing = scene.api.post(path_of(feature), {"string_value": "x"})
    wrong = scene.api.post(path_of(feature), option(foreign))

    assert json_of(missing, 400) == {"feature": ["This field is required."]}
    assert json_of(wrong, 400) == {"feature": [f'Invalid pk "{foreign.pk}" - object does not exist.']}


def test_an_environments_own_shares_leave_room_for_an_option_or_not(scene: Scene, feature: Feature) -> None:
    first = json_of(scene.api.post(path_of(feature), option(feature, default_percentage_allocation=10)), 201)
    body = {
        "multivariate_feature_state_values": [{"multivariate_feature_option": first["id"], "percentage_allocation": 95}]
    }
    json_of(scene.api.patch(f"features/featurestates/{scene.default(feature).pk}/", body))

    refusal = scene.api.post(path_of(feature), option(feature, default_percentage_allocation=10))

    assert json_of(refusal, 400) == {"default_percentage_allocation": ["Invalid percentage allocation"]}


def test_a_change_keeps_what_it_does_not_name(scene: Scene, feature: Feature) -> None:
    created = json_of(scene.api.post(path_of(feature), option(feature, default_percentage_allocation=30, key="k")), 201)

    changed = json_of(scene.api.patch(path_of(feature, f"{created['id']}/"), {"default_percentage_allocation": 10}))

    assert changed == {**created, "default_percentage_allocation": 10.0}
    assert shares(feature) == [30.0]


def test_options_nested_in_a_feature_replace_those_left_out(scene: Scene) -> None:
    fields = [OptionFields(value={"string_value": text}, percentage=30) for text in ("a", "b")]
    feature = features.create(scene.project, NewFeature(name="beta", options=fields), by=SYSTEM)
    kept, _ = MultivariateOption.objects.order_by("pk")
    body = {
        "multivariate_options": [
            {"id": kept.pk, "string_value": "A", "default_percentage_allocation": 40},
            {"type": "int", "integer_value": 5, "default_percentage_allocation": 60},
        ]
    }

    answer = json_of(scene.api.put(f"projects/{scene.project.pk}/features/{feature.pk}/", body))

    shown = [(entry["string_value"], entry["integer_value"]) for entry in answer["multivariate_options"]]
    assert shown == [("A", None), (None, 5)]
    assert answer["multivariate_options"][0]["id"] == kept.pk
    assert shares(feature) == [30.0, 60.0]


def test_options_are_listed_by_key_then_id(scene: Scene, feature: Feature) -> None:
    for key in (None, "b", "a"):
        scene.api.post(path_of(feature), option(feature, default_percentage_allocation=0, key=key))

    listed = json_of(scene.api.get(path_of(feature)))["results"]

    assert [entry["key"] for entry in listed] == ["a", "b", None]
