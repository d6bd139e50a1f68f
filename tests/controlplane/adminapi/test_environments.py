from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.factories import (
    grant_environment,
    grant_project,
    make_environment,
    make_feature,
    make_organisation,
    make_project,
    make_user,
)
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, EnvironmentGrant, Event, Project, User
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire import snapshot

REFUSED = {"detail": "You do not have permission to perform this action."}
NO_MATCH = {"detail": "No Environment matches the given query."}


def make_admin_and_project() -> tuple[User, Project]:
    user = make_user()
    return user, make_project(make_organisation(admin=user))


def published(environment_id: int) -> snapshot.Snapshot:
    stored = stores.current().snapshots.body(environment_id)
    assert stored is not None
    return snapshot.decode(stored[1])


def keys_of(environment_id: int) -> tuple[EnvironmentKey, ...]:
    return next(head.keys for head in stores.current().snapshots.heads() if head.environment_id == environment_id)


def test_a_new_environment_is_shown_whole_and_its_creator_is_admin(client: AdminClient) -> None:
    user, project = make_admin_and_project()

    response = client.as_user(user).post("environments/", {"name": "Production", "project": project.pk})

    environment = Environment.objects.get()
    assert (response.status_code, response.json()) == (
        201,
        {
            "id": environment.pk,
            "uuid": str(environment.uuid),
            "name": "Production",
            "api_key": environment.api_key,
            "description": None,
            "project": project.pk,
            "minimum_change_request_approvals": None,
            "allow_client_traits": True,
            "banner_text": None,
            "banner_colour": None,
            "hide_disabled_flags": None,
            "use_mv_v2_evaluation": True,
            "use_identity_composite_key_for_hashing": True,
            "hide_sensitive_data": False,
            "use_v2_feature_versioning": False,
            "use_identity_overrides_in_local_eval": True,
            "is_creating": False,
            "metadata": [],
        },
    )
    assert EnvironmentGrant.objects.get(user=user, environment=environment).is_admin
    assert list(Event.objects.values_list("kind", "environment_id")) == [("environment.created", environment.pk)]


def test_a_new_environment_is_published_with_a_state_for_each_feature(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    on = make_feature(project, name="on", default_enabled=True, initial_value="7")
    off = make_feature(project, name="off")

    created = client.as_user(user).post("environments/", {"name": "Production", "project": project.pk}).json()

    seen = published(created["id"])
    assert [(state.feature_id, state.enabled, state.value) for state in seen.defaults] == [
        (on.pk, True, 7),
        (off.pk, False, None),
    ]
    assert keys_of(created["id"]) == (EnvironmentKey(created["api_key"]),)


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"name": "x"}, 403, REFUSED),
        ({"name": "x", "project": "abc"}, 403, REFUSED),
        ({"name": "x", "project": 99999999}, 403, REFUSED),
        ([], 400, {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_an_environment_needs_a_project_of_the_callers(
    client: AdminClient, body: Any, status: int, answer: dict[str, Any]
) -> None:
    response = client.as_user(make_user()).post("environments/", body)

    assert (response.status_code, response.json()) == (status, answer)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"name": "Taken"}, {"non_field_errors": ["An environment with this name already exists."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({}, {"name": ["This field is required."]}),
        (
            {"name": "x", "banner_colour": "no-colour"},
            {"banner_colour": ["Ensure this field has no more than 7 characters."]},
        ),
        (
            {"name": "x", "api_key": "ser.x"},
            {"api_key": ['A client key has no blanks or slashes and does not start with "ser.".']},
        ),
        ({"name": "x", "api_key": "taken"}, {"api_key": ["environment with this api key already exists."]}),
    ],
)
def test_a_bad_environment_is_400(client: AdminClient, body: dict[str, Any], answer: dict[str, Any]) -> None:
    user, project = make_admin_and_project()
    make_environment(project, name="Taken", api_key="taken")

    response = client.as_user(user).post("environments/", {"project": project.pk, **body})

    assert (response.status_code, response.json()) == (400, answer)
    assert Environment.objects.count() == 1


def test_the_right_to_create_environments_is_enough(client: AdminClient) -> None:
    user = make_user()
    project = make_project(make_organisation(member=user))
    before = client.as_user(user).post("environments/", {"name": "x", "project": project.pk}).status_code
    grant_project(user, project, "CREATE_ENVIRONMENT")

    response = client.as_user(user).post("environments/", {"name": "x", "project": project.pk})

    assert (before, response.status_code) == (403, 201)
    assert client.as_user(user).get(f"environments/{response.json()['api_key']}/").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_environment_is_403_for_strangers_and_404_when_unknown(client: AdminClient, method: str) -> None:
    environment = make_environment()
    caller = client.as_user(make_user())

    hidden = caller.send(method, f"environments/{environment.api_key}/", {"name": "x"})
    unknown = caller.send(method, "environments/nonsense/", {"name": "x"})

    assert (hidden.status_code, hidden.json()) == (403, REFUSED)
    assert (unknown.status_code, unknown.json()) == (404, NO_MATCH)


@pytest.mark.parametrize("path", ["my-permissions/", "document/", "api-keys/"])
def test_below_an_environment_unknown_keys_are_403(client: AdminClient, path: str) -> None:
    response = client.as_user(make_user()).get(f"environments/nonsense/{path}")

    assert (response.status_code, response.json()) == (403, REFUSED)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_viewers_cannot_change_an_environment(client: AdminClient, method: str) -> None:
    viewer = make_user()
    environment = make_environment(make_project(make_organisation(member=viewer)))
    grant_environment(viewer, environment, "VIEW_ENVIRONMENT")

    assert client.as_user(viewer).get(f"environments/{environment.api_key}/").json()["total_segment_overrides"] == 0
    assert client.as_user(viewer).send(method, f"environments/{environment.api_key}/", {"name": "x"}).json() == REFUSED


def test_changed_settings_are_published(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    environment = make_environment(project, name="Old")
    body = {
        "name": "New",
        "hide_disabled_flags": True,
        "allow_client_traits": False,
        "hide_sensitive_data": True,
        "use_mv_v2_evaluation": False,
        "project": 99999999,
    }

    response = client.as_user(user).patch(f"environments/{environment.api_key}/", body)

    seen = published(environment.pk).environment
    assert response.status_code == 200
    assert (response.json()["project"], response.json()["use_mv_v2_evaluation"]) == (project.pk, True)
    assert (seen.name, seen.hide_disabled_flags, seen.allow_client_traits, seen.hide_sensitive_data) == (
        "New",
        True,
        False,
        True,
    )


def test_another_client_key_takes_the_place_of_the_old_one(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    environment = make_environment(project)

    client.as_user(user).patch(f"environments/{environment.api_key}/", {"api_key": "another"})

    assert keys_of(environment.pk) == (EnvironmentKey("another"),)
    assert client.as_user(user).get(f"environments/{environment.api_key}/").status_code == 404


def test_a_deleted_environment_stops_being_served(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    environment = make_environment(project)

    response = client.as_user(user).delete(f"environments/{environment.api_key}/")

    assert response.status_code == 204
    assert stores.current().snapshots.body(environment.pk) is None
    assert keys_of(environment.pk) == ()
    assert client.as_user(user).get(f"environments/{environment.api_key}/").json() == NO_MATCH


def test_the_list_needs_a_project(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    environment = make_environment(project)
    caller = client.as_user(user)
    invalid = ["Invalid or missing value for project parameter."]

    assert [row["id"] for row in caller.get(f"environments/?project={project.pk}").json()["results"]] == [
        environment.pk
    ]
    assert client.as_user(make_user()).get(f"environments/?project={project.pk}").json()["results"] == []
    for query in ("", "?project=abc", "?project=99999999"):
        response = caller.get(f"environments/{query}")
        assert (response.status_code, response.json()) == (400, invalid)


def test_environments_of_a_project_are_listed_without_metadata_for_its_admins(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    environment = make_environment(project)
    whole = client.as_user(user).get(f"environments/get-by-uuid/{environment.uuid}/").json()

    shown = client.as_user(user).get(f"projects/{project.pk}/environments/").json()

    assert shown == [{name: value for name, value in whole.items() if name != "metadata"}]


def test_the_document_is_that_of_the_data_plane(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    make_feature(project, name="beta", default_enabled=True)
    created = client.as_user(user).post("environments/", {"name": "Production", "project": project.pk}).json()

    document = client.as_user(user).get(f"environments/{created['api_key']}/document/").json()

    assert document["api_key"] == created["api_key"]
    assert [(row["feature"]["name"], row["enabled"]) for row in document["feature_states"]] == [("beta", True)]


def test_permissions_are_described_and_ones_own_shown(client: AdminClient) -> None:
    viewer = make_user()
    environment = make_environment(make_project(make_organisation(member=viewer)))
    grant_environment(viewer, environment, "VIEW_ENVIRONMENT")
    caller = client.as_user(viewer)

    described = {row["key"]: row["supports_tag"] for row in caller.get("environments/permissions/").json()}

    assert described == {
        "VIEW_ENVIRONMENT": False,
        "UPDATE_FEATURE_STATE": True,
        "MANAGE_IDENTITIES": False,
        "VIEW_IDENTITIES": False,
        "CREATE_CHANGE_REQUEST": True,
        "APPROVE_CHANGE_REQUEST": True,
        "MANAGE_SEGMENT_OVERRIDES": True,
    }
    assert caller.get(f"environments/{environment.api_key}/my-permissions/").json() == {
        "permissions": ["VIEW_ENVIRONMENT"],
        "admin": False,
        "tag_based_permissions": [],
    }


def test_ten_more_environments_cost_no_more_statements(client: AdminClient) -> None:
    user, project = make_admin_and_project()
    caller = client.as_user(user)
    make_environment(project)

    with CaptureQueriesContext(connection) as one:
        caller.get(f"environments/?project={project.pk}")
    for _ in range(10):
        make_environment(project)
    with CaptureQueriesContext(connection) as eleven:
        assert caller.get(f"environments/?project={project.pk}").json()["count"] == 11

    assert len(eleven) == len(one)
