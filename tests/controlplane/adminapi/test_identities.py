from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_environment, make_user
from vexil.controlplane.actions import feature_segments, feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import FeatureState
from vexil.controlplane.permissions import SYSTEM


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def path_of(scene: Scene, rest: str = "") -> str:
    return f"environments/{scene.environment.api_key}/identities/{rest}"


def create(scene: Scene, identifier: Any) -> Any:
    return json_of(scene.api.post(path_of(scene), {"identifier": identifier}), 201)


def test_an_identity_is_created_renamed_and_deleted(scene: Scene) -> None:
    created = create(scene, "kim")
    path = path_of(scene, f"{created['id']}/")

    renamed = json_of(scene.api.patch(path, {"identifier": "lee"}))
    same = json_of(scene.api.put(path, {"identifier": "lee"}))
    deleted = scene.api.delete(path)

    assert created == {"id": created["id"], "identifier": "kim", "environment": scene.environment.pk}
    assert renamed == same == {**created, "identifier": "lee"}
    assert deleted.status_code == 204
    assert json_of(scene.api.get(path), 404) == {"detail": "No Identity matches the given query."}


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({}, {"identifier": ["This field is required."]}),
        ({"identifier": ""}, {"identifier": ["This field may not be blank."]}),
        ({"identifier": None}, {"identifier": ["This field may not be null."]}),
        ({"identifier": "i" * 2001}, {"identifier": ["Ensure this field has no more than 2000 characters."]}),
        ({"identifier": "kim"}, {"identifier": "Identity with identifier 'kim' already exists in this environment"}),
    ],
)
def test_what_cannot_be_an_identity_is_refused(scene: Scene, sent: Any, answer: Any) -> None:
    create(scene, "kim")
    other = create(scene, 123)

    assert json_of(scene.api.post(path_of(scene), sent), 400) == answer
    assert json_of(scene.api.put(path_of(scene, f"{other['id']}/"), sent), 400) == answer


def test_lists_come_in_pages_and_find_by_part_or_exactly(scene: Scene) -> None:
    for identifier in ("kim", "Kimberly", "lee"):
        create(scene, identifier)

    def listed(query: str) -> list[str]:
        return [entry["identifier"] for entry in json_of(scene.api.get(path_of(scene, f"?{query}")))["results"]]

    assert listed("") == ["kim", "Kimberly", "lee"]
    assert listed("q=KIM") == ["kim", "Kimberly"]
    assert listed("q=%22kim%22") == ["kim"]
    assert listed("q=%22ki%22") == []
    page = json_of(scene.api.get(path_of(scene, "?page_size=2&page=2")))
    assert (page["count"], page["next"], len(page["results"])) == (3, None, 1)
    assert json_of(scene.api.get(path_of(scene, "?page=9")), 404) == {"detail": "Invalid page."}


def test_a_renamed_identity_keeps_its_overrides_under_the_new_name(scene: Scene) -> None:
    kim = scene.identity("kim")
    feature_states.create(scene.environment, scene.feature(), Change(enabled=True), by=SYSTEM, identity=kim)

    scene.api.patch(path_of(scene, f"{kim.id}/"), {"identifier": "lee"})

    query = f"environments/{scene.environment.api_key}/featurestates/?anyIdentity"
    listed = json_of(scene.api.get(query))["results"]
    assert [entry["identity"] for entry in listed] == [{"id": kim.id, "identifier": "lee"}]
    assert [entry.identifier for entry in scene.snapshot().identity_overrides] == ["lee"]


def test_a_deleted_identity_takes_its_overrides_along(scene: Scene) -> None:
    kim = scene.identity("kim")
    feature_states.create(scene.environment, scene.feature(), Change(enabled=True), by=SYSTEM, identity=kim)

    scene.api.delete(path_of(scene, f"{kim.id}/"))

    assert FeatureState.live.filter(identity_id=kim.id).count() == 0
    assert scene.snapshot().identity_overrides == []


TRAITS = [
    ("unicode", "string_value", "pro"),
    ("int", "integer_value", 7),
    ("bool", "boolean_value", True),
    ("float", "float_value", 1.5),
]


@pytest.mark.parametrize(("kind", "column", "value"), TRAITS)
def test_a_trait_is_shown_in_the_column_of_its_type(scene: Scene, kind: str, column: str, value: Any) -> None:
    path = path_of(scene, f"{scene.identity().id}/traits/")

    created = json_of(scene.api.post(path, {"trait_key": "t", "value_type": kind, column: value}), 201)

    empty = {"integer_value": None, "string_value": None, "boolean_value": None, "float_value": None}
    expected = {"id": created["id"], "trait_key": "t", "value_type": kind, **empty, column: value}
    assert created == {**expected, "created_date": created["created_date"]}
    assert json_of(scene.api.get(path))["results"] == [created]
    assert json_of(scene.api.get(f"{path}{created['id']}/")) == created


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"string_value": "x"}, {"trait_key": ["This field is required."]}),
        ({"trait_key": "t"}, {"string_value": ["This field is required."]}),
        ({"trait_key": "t", "value_type": "date"}, {"value_type": ['"date" is not a valid choice.']}),
        (
            {"trait_key": "k" * 201, "string_value": "x"},
            {"trait_key": ["Ensure this field has no more than 200 characters."]},
        ),
        (
            {"trait_key": "t", "string_value": "v" * 2001},
            {"string_value": ["Ensure this field has no more than 2000 characters."]},
        ),
        (
            {"trait_key": "t", "value_type": "float", "float_value": "inf"},
            {"float_value": ["A valid number is required."]},
        ),
        (
            {"trait_key": "plan", "string_value": "x"},
            {"trait_key": ["Trait with this key already exists for this identity."]},
        ),
    ],
)
def test_a_wrong_trait_is_refused(scene: Scene, sent: Any, answer: Any) -> None:
    kim = scene.identity()
    stores.current().identities.set_traits(scene.environment.pk, kim.id, {"plan": "pro"})

    assert json_of(scene.api.post(path_of(scene, f"{kim.id}/traits/"), sent), 400) == answer


def test_a_trait_is_changed_renamed_and_deleted(scene: Scene) -> None:
    kim = scene.identity()
    path = path_of(scene, f"{kim.id}/traits/")
    trait = json_of(scene.api.post(path, {"trait_key": "plan", "string_value": "pro"}), 201)

    changed = json_of(scene.api.patch(f"{path}{trait['id']}/", {"string_value": "max"}))
    renamed = json_of(scene.api.patch(f"{path}{trait['id']}/", {"trait_key": "tier"}))

    assert changed == {**trait, "string_value": "max"}
    assert (renamed["trait_key"], renamed["string_value"]) == ("tier", "max")
    assert scene.api.delete(f"{path}{renamed['id']}/").status_code == 204
    assert json_of(scene.api.get(path))["results"] == []


def test_a_trait_can_be_deleted_of_everybody(scene: Scene) -> None:
    identities, others = [scene.identity(name) for name in ("kim", "lee")], make_environment(scene.project)
    elsewhere = stores.current().identities.create(others.pk, "kim")
    for identity in (*identities, elsewhere):
        stores.current().identities.set_traits(identity.environment_id, identity.id, {"plan": "pro", "age": 7})
    trait = json_of(scene.api.get(path_of(scene, f"{identities[0].id}/traits/")))["results"][0]

    scene.api.delete(path_of(scene, f"{identities[0].id}/traits/{trait['id']}/?deleteAllMatchingTraits=true"))

    left = stores.current().identities.page(scene.environment.pk, offset=0, limit=9).identities
    assert [identity.trait_values() for identity in left] == [{"age": 7}, {"age": 7}]
    untouched = stores.current().identities.get(others.pk, elsewhere.id)
    assert untouched is not None
    assert untouched.trait_values() == {"plan": "pro", "age": 7}


def test_all_features_of_an_identity_say_what_decides(scene: Scene) -> None:
    plain, overridden, own = (scene.feature(name, initial_value="default") for name in ("plain", "overridden", "own"))
    multi = scene.feature(
        "multi", initial_value="control", options=[OptionFields(value={"string_value": "a"}, percentage=100)]
    )
    kim, segment = scene.identity("kim"), scene.segment()
    stores.current().identities.set_traits(scene.environment.pk, kim.id, {"plan": "pro"})
    for feature in (overridden, own):
        change = Change(enabled=True, value=of_native("for pro"))
        feature_segments.create_override(scene.environment, feature, segment, change, by=SYSTEM)
    feature_states.create(scene.environment, own, Change(value=of_native(5)), by=SYSTEM, identity=kim)

    answer = json_of(scene.api.get(path_of(scene, f"{kim.id}/featurestates/all/")))

    def entry(feature: Any, enabled: bool, value: Any, by: str | None, **more: Any) -> dict[str, Any]:
        shown = {"id": feature.pk, "name": feature.name, "type": more.pop("type", "STANDARD")}
        rest = {"enabled": enabled, "feature_state_value": value, "overridden_by": by, "segment": None}
        return {"feature": shown, **rest, "multivariate_feature_state_values": [], **more}

    share = {"multivariate_feature_option": {"value": "a"}, "percentage_allocation": 100.0}
    assert answer == [
        entry(plain, False, "default", None),
        entry(overridden, True, "for pro", "SEGMENT", segment={"id": segment.pk, "name": "segment"}),
        entry(own, False, 5, "IDENTITY"),
        entry(multi, False, "a", None, type="MULTIVARIATE", multivariate_feature_state_values=[share]),
    ]


def test_overrides_of_an_identity_are_created_changed_and_deleted(scene: Scene) -> None:
    kim, feature = scene.identity("kim"), scene.feature()
    path = path_of(scene, f"{kim.id}/featurestates/")
    body = {"feature": feature.pk, "enabled": True, "feature_state_value": "for kim"}

    created = json_of(scene.api.post(path, body), 201)
    patched = json_of(scene.api.patch(f"{path}{created['id']}/", {"enabled": False}))
    put = json_of(scene.api.put(f"{path}{created['id']}/", {"feature_state_value": True}))
    listed = json_of(scene.api.get(path))["results"]

    assert (created["identity"], created["feature_state_value"]) == (kim.id, "for kim")
    assert patched == {"enabled": False, "feature": feature.pk}
    assert (put["identity"], put["feature_state_value"], put["enabled"]) == (kim.id, True, False)
    assert listed == [{**put, "identity": {"id": kim.id, "identifier": "kim"}}]
    assert [entry.states[0].value for entry in scene.snapshot().identity_overrides] == [True]
    assert scene.api.delete(f"{path}{created['id']}/").status_code == 204
    assert json_of(scene.api.get(f"{path}{created['id']}/"), 404) == {
        "detail": "No FeatureState matches the given query."
    }
    assert scene.api.post(path, {"enabled": True}).status_code == 403


def test_cloned_overrides_replace_those_that_were_there(scene: Scene) -> None:
    kim, lee = scene.identity("kim"), scene.identity("lee")
    first, second = scene.feature("first"), scene.feature("second")
    feature_states.create(scene.environment, first, Change(True, of_native(5)), by=SYSTEM, identity=kim)
    feature_states.create(scene.environment, second, Change(True, of_native(6)), by=SYSTEM, identity=lee)
    path = path_of(scene, f"{lee.id}/featurestates/clone-from-given-identity/")

    answer = json_of(scene.api.post(path, {"source_identity_id": kim.id}))

    assert [(entry["feature_state_value"], entry["overridden_by"]) for entry in answer] == [
        (5, "IDENTITY"),
        (None, None),
    ]
    missing = {"detail": "No Identity matches the given query."}
    assert json_of(scene.api.post(path, {"source_identity_id": 10**9}), 404) == missing
    assert json_of(scene.api.post(path, {}), 400) == {"source_identity_id": ["This field is required."]}


def test_strangers_are_refused(scene: Scene) -> None:
    kim, stranger = scene.identity(), AdminClient().as_user(make_user())

    assert stranger.get(path_of(scene)).status_code == 403
    assert stranger.post(path_of(scene), {"identifier": "x"}).status_code == 403
    assert stranger.delete(path_of(scene, f"{kim.id}/")).status_code == 403
    assert stranger.get(path_of(scene, f"{kim.id}/traits/")).status_code == 403
    assert stranger.get(path_of(scene, f"{kim.id}/featurestates/all/")).status_code == 403
