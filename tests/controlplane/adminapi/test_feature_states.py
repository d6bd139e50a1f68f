from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, at_once, json_of, make_scene
from tests.factories import make_environment, make_feature, make_user
from vexil.controlplane.actions import feature_segments, feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.db.models import Environment, Feature, FeatureState, MultivariateOption
from vexil.controlplane.permissions import SYSTEM

FLAT = "features/featurestates/"
EXISTS = ["['Feature state already exists for this environment, feature, version, segment & identity combination']"]


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def state(scene: Scene) -> FeatureState:
    return scene.default(scene.feature(initial_value="one"))


def nested(environment: Environment, rest: str = "") -> str:
    return f"environments/{environment.api_key}/featurestates/{rest}"


def time_text(moment: Any) -> str:
    return str(moment.isoformat().replace("+00:00", "Z"))


def shown(state: FeatureState) -> dict[str, Any]:
    state = FeatureState.objects.get(pk=state.pk)
    return {
        "id": state.pk,
        "feature": state.feature_id,
        "environment": state.environment_id,
        "identity": None,
        "feature_segment": None,
        "enabled": state.enabled,
        "multivariate_feature_state_values": [],
        "uuid": str(state.uuid),
        "created_at": time_text(state.created_at),
        "updated_at": time_text(state.updated_at),
        "live_from": time_text(state.live_from),
        "version": 1,
        "change_request": None,
        "environment_feature_version": None,
        "deleted_at": None,
    }


def columns(kind: str, integer: int | None, string: str | None, boolean: bool | None) -> dict[str, Any]:
    return {"type": kind, "integer_value": integer, "string_value": string, "boolean_value": boolean}


def test_the_flat_list_needs_an_environment_and_shows_values_as_columns(scene: Scene, state: FeatureState) -> None:
    answer = json_of(scene.api.get(f"{FLAT}?environment={scene.environment.pk}&feature={state.feature_id}"))

    value = columns("unicode", None, "one", None)
    assert answer["results"] == [{**shown(state), "feature_state_value": value}]
    assert [scene.api.get(f"{FLAT}{query}").status_code for query in ("", "?environment=x", "?environment=9")] == [
        403
    ] * 3


def test_a_value_is_written_column_by_column(scene: Scene, state: FeatureState) -> None:
    path = f"{FLAT}{state.pk}/"

    number = json_of(scene.api.patch(path, {"feature_state_value": {"type": "int", "integer_value": 7}}))
    truth = json_of(scene.api.patch(path, {"feature_state_value": {"type": "bool", "boolean_value": False}}))
    whole = {"feature": state.feature_id, "environment": scene.environment.pk, "enabled": True}
    without = json_of(scene.api.put(path, whole))

    assert number["feature_state_value"] == columns("int", 7, "one", None)
    assert truth["feature_state_value"] == columns("bool", 7, "one", False)
    assert (without["feature_state_value"], without["enabled"]) == (truth["feature_state_value"], True)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"enabled": "perhaps"}, {"enabled": ["Must be a valid boolean."]}),
        (
            {"feature_state_value": "native"},
            {"feature_state_value": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}},
        ),
        (
            {"feature_state_value": {"string_value": "v" * 20001}},
            {"feature_state_value": {"string_value": ["Ensure this field has no more than 20000 characters."]}},
        ),
        (
            {"feature_state_value": {"integer_value": 2147483648}},
            {"feature_state_value": {"integer_value": ["Ensure this value is less than or equal to 2147483647."]}},
        ),
        (
            {"feature_state_value": {"type": "float"}},
            {"feature_state_value": {"type": ['"float" is not a valid choice.']}},
        ),
        ({"feature": 10**9}, {"feature": ["Cannot change the feature of a feature state"]}),
        ({"environment": 10**9}, {"environment": ["Cannot change the environment of a feature state"]}),
        ({"feature_segment": 9}, {"feature_segment": ["Feature Segment does not belong to environment."]}),
    ],
)
def test_a_wrong_flat_change_is_refused_and_changes_nothing(
    scene: Scene, state: FeatureState, body: Any, answer: Any
) -> None:
    before = shown(state)

    assert json_of(scene.api.patch(f"{FLAT}{state.pk}/", body), 400) == answer
    assert shown(state) == before


def test_put_needs_environment_and_feature(scene: Scene, state: FeatureState) -> None:
    required = ["This field is required."]

    assert json_of(scene.api.put(f"{FLAT}{state.pk}/", {}), 400) == {"feature": required, "environment": required}


def test_a_flat_state_is_created_for_an_identity_or_a_segment_but_once(scene: Scene, state: FeatureState) -> None:
    kim = scene.identity("kim")
    link = feature_segments.create(scene.environment, state.feature, scene.segment(), by=SYSTEM)
    body = {"feature": state.feature_id, "environment": scene.environment.pk, "enabled": True}

    by_name = json_of(scene.api.post(FLAT, {**body, "identifier": "kim"}), 201)
    by_link = json_of(scene.api.post(FLAT, {**body, "feature_segment": link.pk}), 201)

    assert (by_name["identity"], by_name["enabled"]) == (kim.id, True)
    assert (by_link["feature_segment"], by_link["feature_state_value"]["string_value"]) == (link.pk, "one")
    for place in ({}, {"identity": kim.id}, {"feature_segment": link.pk}):
        assert json_of(scene.api.post(FLAT, {**body, **place}), 400) == EXISTS
    unknown = json_of(scene.api.post(FLAT, {**body, "identifier": "nobody"}), 400)
    assert unknown == {"non_field_errors": ["Invalid identifier"]}
    absent = json_of(scene.api.post(FLAT, {**body, "identity": 10**9}), 400)
    assert absent == {"identity": ["Identity does not exist in environment."]}


def test_a_feature_of_another_project_is_refused(scene: Scene) -> None:
    body = {"feature": make_feature().pk, "environment": scene.environment.pk}

    assert json_of(scene.api.post(FLAT, body), 400) == {"feature": ["Feature does not exist in project"]}
    assert scene.api.post(FLAT, {**body, "feature": 10**9}).status_code == 403
    assert scene.api.post(FLAT, {}).status_code == 403


def test_nested_states_have_native_values(scene: Scene, state: FeatureState) -> None:
    path = nested(scene.environment, f"{state.pk}/")

    patched = json_of(scene.api.patch(path, {"feature_state_value": 5, "enabled": True}))
    put = json_of(scene.api.put(path, {}))

    assert patched == {"enabled": True, "feature": state.feature_id}
    assert put == {**shown(state), "feature_state_value": 5, "enabled": True}
    assert json_of(scene.api.get(path)) == put
    assert json_of(scene.api.get(nested(scene.environment)))["results"] == [put]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("text", "text"), ("", ""), (7, 7), (-2147483648, -2147483648), (True, True), (1.5, "1.5"), (None, None)],
)
def test_a_native_value_keeps_its_type(scene: Scene, state: FeatureState, sent: Any, stored: Any) -> None:
    scene.api.patch(nested(scene.environment, f"{state.pk}/"), {"feature_state_value": sent})

    assert FeatureState.objects.get(pk=state.pk).value == stored
    assert scene.snapshot().defaults[0].value == stored


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"a": 1}, {"string_value": ["Not a valid string."]}),
        ("v" * 20001, {"string_value": ["Ensure this field has no more than 20000 characters."]}),
        (2**31, {"integer_value": ["Ensure this value is less than or equal to 2147483647."]}),
        ("\x00", {"string_value": ["Null characters are not allowed."]}),
    ],
)
def test_a_value_that_cannot_be_is_refused(scene: Scene, state: FeatureState, sent: Any, answer: Any) -> None:
    refusal = scene.api.patch(nested(scene.environment, f"{state.pk}/"), {"feature_state_value": sent})

    assert json_of(refusal, 400) == answer


def test_a_deleted_default_can_be_created_again(scene: Scene, state: FeatureState) -> None:
    body = {"feature": state.feature_id, "enabled": True, "feature_state_value": "back"}
    duplicate = scene.api.post(nested(scene.environment), body)

    assert scene.api.delete(nested(scene.environment, f"{state.pk}/")).status_code == 204
    again = json_of(scene.api.post(nested(scene.environment), body), 201)

    assert json_of(duplicate, 400) == EXISTS
    assert (again["enabled"], again["feature_state_value"]) == (True, "back")
    assert [entry.value for entry in scene.snapshot().defaults] == ["back"]


def test_any_identity_lists_overrides_of_identities_only(scene: Scene, state: FeatureState) -> None:
    kim = scene.identity("kim")
    override = feature_states.create(scene.environment, state.feature, Change(enabled=True), by=SYSTEM, identity=kim)

    listed = json_of(scene.api.get(nested(scene.environment, "?anyIdentity")))["results"]

    assert [(entry["id"], entry["identity"]) for entry in listed] == [
        (override.pk, {"id": kim.id, "identifier": "kim"})
    ]


def test_shares_are_set_and_never_exceed_everybody(scene: Scene) -> None:
    options = [OptionFields(value={"string_value": text}, percentage=10) for text in ("a", "b")]
    state = scene.default(scene.feature(options=options))
    first, second = MultivariateOption.objects.order_by("pk")
    path = nested(scene.environment, f"{state.pk}/")

    def body(*percentages: float) -> dict[str, Any]:
        pairs = zip((first, second), percentages, strict=True)
        entries = [{"multivariate_feature_option": row.pk, "percentage_allocation": share} for row, share in pairs]
        return {"multivariate_feature_state_values": entries}

    before = json_of(scene.api.get(path))["multivariate_feature_state_values"]
    after = json_of(scene.api.put(path, body(60, 40)))["multivariate_feature_state_values"]
    refusal = json_of(scene.api.put(path, body(60, 41)), 400)

    assert refusal == {"non_field_errors": ["Multivariate percentage values exceed 100%."]}
    assert [entry["id"] for entry in after] == [entry["id"] for entry in before]
    assert [entry["percentage_allocation"] for entry in after] == [60.0, 40.0]
    assert [share.percentage for share in scene.snapshot().defaults[0].allocations] == [60.0, 40.0]


def test_an_option_of_another_feature_has_no_share(scene: Scene, state: FeatureState) -> None:
    scene.feature("other", options=[OptionFields(value={"string_value": "a"}, percentage=10)])
    option = MultivariateOption.objects.get()
    shares = [{"multivariate_feature_option": option.pk, "percentage_allocation": 1}]

    refusal = scene.api.patch(f"{FLAT}{state.pk}/", {"multivariate_feature_state_values": shares})

    message = f'Invalid pk "{option.pk}" - object does not exist.'
    assert json_of(refusal, 400) == {"multivariate_feature_state_values": [message]}


def test_two_changes_at_once_both_count(scene: Scene, state: FeatureState) -> None:
    path = f"{FLAT}{state.pk}/"
    bodies = [{"enabled": True}, {"feature_state_value": {"type": "int", "integer_value": 7}}] * 4
    make_environment(scene.project)

    answers = at_once(*[lambda body=body: scene.api.patch(path, body).status_code for body in bodies])  # type: ignore[misc]

    state.refresh_from_db()
    assert (answers, state.enabled, state.value) == ([200] * 8, True, 7)
    published = scene.snapshot()
    assert (published.version, published.defaults[0].enabled, published.defaults[0].value) == (
        Environment.objects.get(pk=scene.environment.pk).version,
        True,
        7,
    )


def test_an_override_made_twice_at_once_is_there_once(scene: Scene, state: FeatureState) -> None:
    scene.identity("kim")
    body = {"feature": state.feature_id, "environment": scene.environment.pk, "identifier": "kim"}

    answers = at_once(*[lambda: scene.api.post(FLAT, body).status_code] * 6)

    assert sorted(answers) == [201, 400, 400, 400, 400, 400]
    assert FeatureState.live.filter(identity_id__isnull=False).count() == 1


def test_strangers_are_refused(scene: Scene, state: FeatureState) -> None:
    stranger = AdminClient().as_user(make_user())
    paths = [
        f"{FLAT}?environment={scene.environment.pk}",
        f"{FLAT}get-by-uuid/{state.uuid}/",
        nested(scene.environment),
    ]

    assert [stranger.get(path).status_code for path in paths] == [403] * 3
    assert stranger.patch(f"{FLAT}{state.pk}/", {"enabled": True}).status_code == 403
    assert stranger.get(nested(Environment(api_key="nonsense"))).status_code == 403


def test_a_feature_made_while_an_environment_is_made_is_in_it(scene: Scene) -> None:
    body = {"name": "Staging", "project": scene.project.pk}
    calls = [lambda number=number: scene.feature(f"f{number}").pk for number in range(4)]  # type: ignore[misc]

    at_once(lambda: scene.api.post("environments/", body).status_code, *calls)

    features = Feature.live.count()
    assert (features, FeatureState.live.count()) == (4, 8)
