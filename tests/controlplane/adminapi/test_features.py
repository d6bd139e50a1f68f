from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import grant_project, make_environment, make_feature, make_organisation, make_user
from vexil.controlplane.actions import feature_segments, feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.db.models import Feature, FeatureState, Membership
from vexil.controlplane.permissions import SYSTEM, VIEW_PROJECT

NAME_TAKEN = "Feature with that name already exists for this project. Note that feature names are case insensitive."


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def path_of(scene: Scene, rest: str = "") -> str:
    return f"projects/{scene.project.pk}/features/{rest}"


def create(scene: Scene, **body: Any) -> Any:
    return json_of(scene.api.post(path_of(scene), body), 201)


def names(response: Any) -> list[str]:
    return [feature["name"] for feature in json_of(response)["results"]]


def test_a_new_feature_is_answered_whole(scene: Scene) -> None:
    answer = create(scene, name="beta", initial_value="on", default_enabled=True, description="why")

    feature = Feature.live.get(name="beta")
    assert answer == {
        "id": feature.pk,
        "uuid": str(feature.uuid),
        "name": "beta",
        "type": "STANDARD",
        "default_enabled": True,
        "initial_value": "on",
        "created_date": feature.created_date.isoformat().replace("+00:00", "Z"),
        "description": "why",
        "tags": [],
        "multivariate_options": [],
        "is_archived": False,
        "is_server_key_only": False,
        "owners": [
            {
                "id": scene.admin.pk,
                "email": scene.admin.email,
                "first_name": "Test",
                "last_name": "User",
                "last_login": None,
                "uuid": str(scene.admin.uuid),
            }
        ],
        "group_owners": [],
        "project": scene.project.pk,
        "environment_feature_state": None,
        "segment_feature_state": None,
        "num_segment_overrides": 0,
        "num_identity_overrides": None,
        "is_num_identity_overrides_complete": True,
        "last_modified_in_any_environment": None,
        "last_modified_in_current_environment": None,
        "metadata": [],
    }


@pytest.mark.parametrize(
    ("sent", "kept", "value"),
    [
        (None, None, None),
        ("", "", ""),
        ("hello", "hello", "hello"),
        (42, "42", 42),
        ("0042", "0042", 42),
        ("-7", "-7", -7),
        ("2147483646", "2147483646", 2147483646),
        ("2147483647", "2147483647", "2147483647"),
        (1.5, "1.5", "1.5"),
        (True, "True", True),
        ("false", "false", False),
        ({"a": 1}, "{'a': 1}", "{'a': 1}"),
        (" spaced ", " spaced ", " spaced "),
    ],
)
def test_an_initial_value_is_text_and_states_get_it_typed(scene: Scene, sent: Any, kept: Any, value: Any) -> None:
    answer = create(scene, name="beta", initial_value=sent)

    assert (answer["initial_value"], scene.default(Feature.live.get(name="beta")).value) == (kept, value)


def test_false_is_no_initial_value(scene: Scene) -> None:
    answer = scene.api.post(path_of(scene), {"name": "beta", "initial_value": False})

    assert json_of(answer, 400) == {"initial_value": ["Not a valid string."]}


def test_every_environment_gets_a_state(scene: Scene) -> None:
    other = make_environment(scene.project)

    create(scene, name="beta", default_enabled=True, initial_value="x")

    states = FeatureState.live.order_by("environment_id").values_list("environment_id", "enabled", "string_value")
    assert list(states) == [(scene.environment.pk, True, "x"), (other.pk, True, "x")]


def test_prevented_defaults_leave_states_off_and_empty(scene: Scene) -> None:
    scene.project.prevent_flag_defaults = True
    scene.project.save()

    create(scene, name="beta", default_enabled=True, initial_value="x")

    state = FeatureState.live.get()
    assert (state.enabled, state.value) == (False, None)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, {"name": ["This field is required."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": "f" * 2001}, {"name": ["Ensure this field has no more than 2000 characters."]}),
        ({"name": "b", "type": "FLAG"}, {"type": ['"FLAG" is not a valid choice.']}),
        ({"name": "b", "default_enabled": "sometimes"}, {"default_enabled": ["Must be a valid boolean."]}),
        (
            {"name": "b", "initial_value": "v" * 20001},
            {"initial_value": ["Ensure this field has no more than 20000 characters."]},
        ),
        (
            {"name": "TAKEN"},
            {"name": [NAME_TAKEN]},
        ),
        ({"name": "b", "tags": [9]}, {"tags": ['Invalid pk "9" - object does not exist.']}),
        ({"name": "b", "owners": [10**9]}, {"owners": ['Invalid pk "1000000000" - object does not exist.']}),
        (
            {"name": "b", "multivariate_options": [{"default_percentage_allocation": p} for p in (60, 50)]},
            {"multivariate_options": ["Invalid percentage allocation"]},
        ),
        (
            {"name": "b", "multivariate_options": [{}, {"type": "float"}]},
            {"multivariate_options": [{}, {"type": ['"float" is not a valid choice.']}]},
        ),
        (["x"], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_what_cannot_be_a_feature_is_refused_and_leaves_nothing(scene: Scene, body: Any, answer: Any) -> None:
    make_feature(scene.project, name="taken")

    assert json_of(scene.api.post(path_of(scene), body), 400) == answer
    assert list(Feature.objects.values_list("name", flat=True)) == ["taken"]


def test_names_follow_the_projects_regex_as_a_whole(scene: Scene) -> None:
    scene.project.feature_name_regex = "[a-z]{3,5}[0-9]"
    scene.project.save()

    refusal = scene.api.post(path_of(scene), {"name": "abc1_more"})

    assert json_of(refusal, 400) == {"name": ["Feature name must match regex: [a-z]{3,5}[0-9]"]}
    assert create(scene, name="abc1")["name"] == "abc1"


def test_a_project_has_a_limit_of_features(scene: Scene) -> None:
    scene.project.max_features_allowed = 1
    scene.project.save()
    scene.feature("first")

    refusal = scene.api.post(path_of(scene), {"name": "second"})

    assert json_of(refusal, 400) == {"project": "The Project has reached the maximum allowed features limit."}


def test_owners_need_access_to_the_project(scene: Scene) -> None:
    stranger = make_user()

    refusal = scene.api.post(path_of(scene), {"name": "beta", "owners": [stranger.pk]})

    assert json_of(refusal, 400) == {"owners": [f"Users with ids [{stranger.pk}] do not have access to this project."]}


def test_a_project_can_demand_an_owner(scene: Scene) -> None:
    scene.project.enforce_feature_owners = True
    scene.project.save()

    refusal = scene.api.post(path_of(scene), {"name": "beta"})

    message = "This project requires at least one owner or group owner when creating a feature."
    assert json_of(refusal, 400) == {"non_field_errors": [message]}
    assert create(scene, name="beta", owners=[scene.admin.pk])["owners"][0]["id"] == scene.admin.pk


def test_most_fields_cannot_be_changed_later(scene: Scene) -> None:
    feature = scene.feature(initial_value="x")
    changes = {"name": "renamed", "initial_value": "y", "default_enabled": True, "description": "d"}

    answer = json_of(scene.api.patch(path_of(scene, f"{feature.pk}/"), changes))

    assert (answer["name"], answer["initial_value"], answer["default_enabled"]) == ("flag", "x", False)
    assert (answer["description"], "is_num_identity_overrides_complete" in answer) == ("d", False)
    assert json_of(scene.api.put(path_of(scene, f"{feature.pk}/"), {}))["description"] == "d"


def test_a_deleted_feature_is_gone_and_its_name_free(scene: Scene) -> None:
    feature = scene.feature()

    assert scene.api.delete(path_of(scene, f"{feature.pk}/")).status_code == 204

    missing = {"detail": "No Feature matches the given query."}
    assert json_of(scene.api.get(path_of(scene, f"{feature.pk}/")), 404) == missing
    assert FeatureState.live.count() == 0
    assert create(scene, name=feature.name)["id"] != feature.pk


def test_owners_come_and_go(scene: Scene) -> None:
    feature = scene.feature()
    body = {"user_ids": [scene.admin.pk]}

    added = json_of(scene.api.post(path_of(scene, f"{feature.pk}/add-owners/"), body))
    removed = json_of(scene.api.post(path_of(scene, f"{feature.pk}/remove-owners/"), body))
    unknown = json_of(scene.api.post(path_of(scene, f"{feature.pk}/add-owners/"), {"user_ids": [10**9]}), 400)
    stranger = {"user_ids": [make_user().pk]}
    foreign = json_of(scene.api.post(path_of(scene, f"{feature.pk}/add-owners/"), stranger), 400)
    gone = make_user()
    feature.owners.add(gone)
    rid = json_of(scene.api.post(path_of(scene, f"{feature.pk}/remove-owners/"), {"user_ids": [gone.pk]}))

    assert (foreign, rid["owners"]) == (unknown, [])
    assert ([owner["id"] for owner in added["owners"]], removed["owners"]) == ([scene.admin.pk], [])
    assert unknown == {"non_field_errors": ["Some users not found"]}


def test_lists_are_searched_sorted_and_narrowed(scene: Scene) -> None:
    one, *_ = [scene.feature(name) for name in ("alpha", "gamma", "beta")]
    scene.api.patch(path_of(scene, f"{one.pk}/"), {"is_archived": True})

    def listed(query: str) -> list[str]:
        return names(scene.api.get(path_of(scene, f"?{query}")))

    assert listed("") == ["alpha", "gamma", "beta"]
    assert listed("search=MM") == ["gamma"]
    assert listed("sort_field=name&sort_direction=DESC") == ["gamma", "beta", "alpha"]
    assert listed("is_archived=true") == ["alpha"]
    assert listed("is_archived=false&page_size=1&page=2") == ["beta"]
    assert listed("type=MULTIVARIATE") == []
    assert listed("tags=1") == []
    assert listed("tags=") == ["alpha", "gamma", "beta"]
    assert listed(f"owners={scene.admin.pk}") == []


def test_lists_are_narrowed_by_what_features_are_in_an_environment(scene: Scene) -> None:
    for name, value, enabled in (("text", "Hello", True), ("number", "42", False), ("truth", "true", False)):
        scene.feature(name, initial_value=value, default_enabled=enabled)

    def listed(query: str) -> list[str]:
        return names(scene.api.get(path_of(scene, f"?environment={scene.environment.pk}&{query}")))

    assert listed("is_enabled=true") == ["text"]
    assert listed("is_enabled=false") == ["number", "truth"]
    assert listed("value_search=hell") == ["text"]
    assert listed("value_search=42") == ["number"]
    assert listed("value_search=true") == ["truth"]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("sort_field=bogus", {"sort_field": ['"bogus" is not a valid choice.']}),
        ("is_archived=maybe", {"is_archived": ["Must be a valid boolean."]}),
        ("tags=abc", {"tags": ["Tag IDs must be integers."]}),
        ("environment=abc", {"environment": ["A valid integer is required."]}),
        ("environment=9", {"environment": ['Invalid pk "9" - object does not exist.']}),
        ("is_enabled=true", ["Environment is required in order to filter by state search or by state enabled"]),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(scene: Scene, query: str, answer: Any) -> None:
    make_environment(pk=9)  # of another project

    assert json_of(scene.api.get(path_of(scene, f"?{query}")), 400) == answer


def test_a_list_shows_states_and_counts_of_an_environment(scene: Scene) -> None:
    plain, overridden = scene.feature("plain"), scene.feature("overridden", initial_value="7")
    segment = scene.segment()
    override = feature_segments.create_override(scene.environment, overridden, segment, Change(enabled=True), by=SYSTEM)
    identity = scene.identity()
    feature_states.create(scene.environment, overridden, Change(), by=SYSTEM, identity=identity)

    query = f"?environment={scene.environment.pk}&segment={segment.pk}&identity={identity.id}"
    first, second = json_of(scene.api.get(path_of(scene, query)))["results"]

    assert (first["name"], second["name"]) == ("overridden", "plain")
    assert first["environment_feature_state"] == {
        "id": scene.default(overridden).pk,
        "feature_state_value": 7,
        "environment": scene.environment.pk,
        "identity": None,
        "feature_segment": None,
        "enabled": False,
    }
    assert first["segment_feature_state"] == {
        "id": override.pk,
        "feature_state_value": 7,
        "environment": scene.environment.pk,
        "identity": None,
        "feature_segment": override.feature_segment_id,
        "enabled": True,
    }
    assert (first["num_segment_overrides"], first["num_identity_overrides"]) == (1, 1)
    assert (second["num_segment_overrides"], second["num_identity_overrides"]) == (0, None)
    assert second["environment_feature_state"]["id"] == scene.default(plain).pk


def test_ten_more_features_take_no_more_statements(scene: Scene) -> None:
    segment = scene.segment()

    def add(name: str) -> None:
        feature = scene.feature(name)
        feature.owners.add(scene.admin)
        feature_segments.create_override(scene.environment, feature, segment, Change(), by=SYSTEM)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            query = f"?environment={scene.environment.pk}&segment={segment.pk}"
            json_of(scene.api.get(path_of(scene, query)))
        return len(queries)

    add("first")
    before = statements()
    for number in range(10):
        add(f"more_{number}")

    assert statements() == before


def test_strangers_see_nothing_and_members_only_what_they_may(scene: Scene) -> None:
    feature = scene.feature()
    stranger, member = AdminClient().as_user(make_user()), make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=member, role="USER")
    grant_project(member, scene.project, VIEW_PROJECT)
    make_organisation(admin=make_user())

    hidden, refused = {"detail": "No Project matches the given query."}, 403
    assert json_of(stranger.get(path_of(scene)), 404) == hidden
    assert json_of(stranger.delete(path_of(scene, f"{feature.pk}/")), 404) == hidden
    assert stranger.post(path_of(scene), {"name": "x"}).status_code == refused
    viewer = AdminClient().as_user(member)
    assert names(viewer.get(path_of(scene))) == ["flag"]
    assert viewer.patch(path_of(scene, f"{feature.pk}/"), {"description": "x"}).status_code == refused
    uuid_path = f"features/get-by-uuid/{feature.uuid}/"
    assert json_of(viewer.get(uuid_path))["id"] == feature.pk
    assert json_of(stranger.get(uuid_path), 404) == {"detail": "No Feature matches the given query."}


def test_an_archived_feature_leaves_the_document_and_stays_among_the_flags(scene: Scene) -> None:
    old, _ = scene.feature("old"), scene.feature("new")
    feature_segments.create_override(scene.environment, old, scene.segment(), Change(), by=SYSTEM)

    def served() -> tuple[list[str], int, list[str]]:
        """Features of the document, overrides in it, and features that the Flags API has."""
        document = json_of(scene.api.get(f"environments/{scene.environment.api_key}/document/"))
        overrides = [state for segment in document["project"]["segments"] for state in segment["feature_states"]]
        names = sorted(state["feature"]["name"] for state in document["feature_states"])
        return names, len(overrides), sorted(feature.name for feature in scene.snapshot().features)

    before = served()
    scene.api.patch(path_of(scene, f"{old.pk}/"), {"is_archived": True})
    archived = served()
    scene.api.patch(path_of(scene, f"{old.pk}/"), {"is_archived": False})

    assert before == (["new", "old"], 1, ["new", "old"])
    assert archived == (["new"], 0, ["new", "old"])
    assert served() == before
