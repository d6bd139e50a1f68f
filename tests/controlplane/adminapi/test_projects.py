from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.factories import (
    grant_project,
    make_environment,
    make_feature,
    make_master_api_key,
    make_organisation,
    make_project,
    make_user,
)
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Project, ProjectGrant
from vexil.wire import snapshot

REFUSED = {"detail": "You do not have permission to perform this action."}
NO_MATCH = {"detail": "No Project matches the given query."}


def test_a_new_project_is_shown_whole_and_its_creator_is_admin(client: AdminClient) -> None:
    user = make_user()
    organisation = make_organisation(admin=user)

    response = client.as_user(user).post("projects/", {"name": "Shop", "organisation": organisation.pk})

    project = Project.objects.get()
    assert (response.status_code, response.json()) == (
        201,
        {
            "id": project.pk,
            "uuid": str(project.uuid),
            "name": "Shop",
            "organisation": organisation.pk,
            "hide_disabled_flags": False,
            "enable_dynamo_db": False,
            "migration_status": "NOT_APPLICABLE",
            "use_edge_identities": False,
            "prevent_flag_defaults": False,
            "enable_realtime_updates": False,
            "only_allow_lower_case_feature_names": True,
            "feature_name_regex": None,
            "show_edge_identity_overrides_for_feature": False,
            "stale_flags_limit_days": 30,
            "edge_v2_migration_status": "NOT_STARTED",
            "minimum_change_request_approvals": None,
            "enforce_feature_owners": False,
        },
    )
    assert ProjectGrant.objects.get(user=user, project=project).is_admin


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({}, 400, {"organisation": ["This field is required."]}),
        (
            {"name": "x", "organisation": "abc"},
            400,
            {"organisation": ["Incorrect type. Expected pk value, received str."]},
        ),
        ({"name": "x", "organisation": None}, 400, {"organisation": ["This field may not be null."]}),
        ({"name": "x", "organisation": 99999999}, 403, REFUSED),
        ({"name": "x", "organisation": 10**30}, 403, REFUSED),
        ([], 400, {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_a_project_needs_an_organisation_of_the_callers(
    client: AdminClient, body: Any, status: int, answer: dict[str, Any]
) -> None:
    response = client.as_user(make_user()).post("projects/", body)

    assert (response.status_code, response.json()) == (status, answer)


def test_members_without_right_and_foreign_keys_cannot_create_projects(client: AdminClient) -> None:
    member = make_user()
    organisation = make_organisation(member=member)
    body = {"name": "x", "organisation": organisation.pk}

    by_member = client.as_user(member).post("projects/", body)
    by_key = client.with_key(make_master_api_key(make_organisation())[1]).post("projects/", body)

    assert (by_member.status_code, by_key.status_code) == (403, 403)


def test_a_name_is_used_once_in_an_organisation(client: AdminClient) -> None:
    user = make_user()
    organisation = make_organisation(admin=user)
    make_project(organisation, name="Taken")
    other = make_project(organisation, name="Other")
    caller = client.as_user(user)
    taken = {"non_field_errors": ["A project with this name already exists."]}

    assert caller.post("projects/", {"name": "Taken", "organisation": organisation.pk}).json() == taken
    assert caller.patch(f"projects/{other.pk}/", {"name": "Taken"}).json() == taken
    assert caller.patch(f"projects/{other.pk}/", {"name": "Other"}).status_code == 200


def test_only_the_project_itself_shows_limits_and_totals(client: AdminClient) -> None:
    user = make_user()
    project = make_project(make_organisation(admin=user))
    make_feature(project)

    shown = client.as_user(user).get(f"projects/{project.pk}/").json()
    by_uuid = client.as_user(user).get(f"projects/get-by-uuid/{project.uuid}/").json()

    assert {name: shown[name] for name in shown if name not in by_uuid} == {
        "max_segments_allowed": 500,
        "max_features_allowed": 1000,
        "max_segment_overrides_allowed": 2000,
        "total_features": 1,
        "total_segments": 0,
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_project_is_404_for_those_who_may_not_view_it(client: AdminClient, method: str) -> None:
    member = make_user()
    project = make_project(make_organisation(member=member))

    for caller in (client.as_user(member), client.as_user(make_user())):
        response = caller.send(method, f"projects/{project.pk}/", {"name": "Taken over"})
        assert (response.status_code, response.json()) == (404, NO_MATCH)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_viewers_are_refused_what_is_for_admins(client: AdminClient, method: str) -> None:
    viewer = make_user()
    project = make_project(make_organisation(member=viewer))
    grant_project(viewer, project, "VIEW_PROJECT")

    response = client.as_user(viewer).send(method, f"projects/{project.pk}/", {"name": "x"})

    assert (response.status_code, response.json()) == (403, REFUSED)
    assert client.as_user(viewer).get(f"projects/{project.pk}/").status_code == 200


def test_the_list_can_be_narrowed(client: AdminClient) -> None:
    user = make_user()
    first, second = make_project(make_organisation(admin=user)), make_project(make_organisation(admin=user))
    caller = client.as_user(user)

    assert [row["id"] for row in caller.get("projects/").json()] == [first.pk, second.pk]
    assert [row["id"] for row in caller.get(f"projects/?organisation={second.organisation_id}").json()] == [second.pk]
    assert [row["id"] for row in caller.get(f"projects/?uuid={first.uuid}").json()] == [first.pk]
    assert caller.get("projects/?organisation=abc").json() == {"organisation": "Must be a valid integer."}
    assert caller.get("projects/?uuid=abc").json() == {"uuid": "Must be a valid UUID."}


def test_wrong_methods_on_the_list_are_refused(client: AdminClient) -> None:
    caller = client.as_user(make_user())

    for method in ("BREW", "OPTIONS", "DELETE"):
        response = caller.send(method, "projects/")
        assert (response.status_code, response.json()) == (403, REFUSED)


def test_a_regex_for_names_that_cannot_run_is_refused(client: AdminClient) -> None:
    user = make_user()
    project = make_project(make_organisation(admin=user))

    bad = client.as_user(user).patch(f"projects/{project.pk}/", {"feature_name_regex": "("})
    good = client.as_user(user).patch(f"projects/{project.pk}/", {"feature_name_regex": "^[a-z_]+$"})

    assert (bad.status_code, list(bad.json())) == (400, ["feature_name_regex"])
    assert good.json()["feature_name_regex"] == "^[a-z_]+$"


def test_settings_that_sdks_see_are_published_to_every_environment(client: AdminClient) -> None:
    user = make_user()
    project = make_project(make_organisation(admin=user))
    environments = [make_environment(project), make_environment(project)]

    client.as_user(user).patch(f"projects/{project.pk}/", {"hide_disabled_flags": True})

    for environment in environments:
        _, body = stores.current().snapshots.body(environment.pk) or (0, b"")
        assert snapshot.decode(body).project.hide_disabled_flags is True


def test_a_deleted_project_is_gone_with_its_environments(client: AdminClient) -> None:
    user = make_user()
    project = make_project(make_organisation(admin=user))
    environment = make_environment(project)
    caller = client.as_user(user)

    assert caller.delete(f"projects/{project.pk}/").status_code == 204

    assert caller.get(f"projects/{project.pk}/").json() == NO_MATCH
    assert not Environment.live.exists()
    assert stores.current().snapshots.body(environment.pk) is None
    again = caller.post("projects/", {"name": project.name, "organisation": project.organisation_id})
    assert again.status_code == 201


def test_ones_own_permissions_are_shown(client: AdminClient) -> None:
    viewer = make_user()
    project = make_project(make_organisation(member=viewer))
    grant_project(viewer, project, "VIEW_PROJECT", "CREATE_FEATURE")

    assert client.as_user(viewer).get(f"projects/{project.pk}/my-permissions/").json() == {
        "permissions": ["CREATE_FEATURE", "VIEW_PROJECT"],
        "admin": False,
        "tag_based_permissions": [],
    }


def test_ten_more_projects_cost_no_more_statements(client: AdminClient) -> None:
    user = make_user()
    organisation = make_organisation(admin=user)
    caller = client.as_user(user)
    make_project(organisation)

    with CaptureQueriesContext(connection) as one:
        caller.get("projects/")
    for _ in range(10):
        make_project(organisation)
    with CaptureQueriesContext(connection) as eleven:
        assert len(caller.get("projects/").json()) == 11

    assert len(eleven) == len(one)
