from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.factories import make_environment, make_master_api_key, make_organisation, make_project, make_user
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Event, Membership, Organisation

REFUSED = {"detail": "You do not have permission to perform this action."}
NO_MATCH = {"detail": "No Organisation matches the given query."}


def test_a_new_organisation_has_its_creator_as_admin(client: AdminClient) -> None:
    user = make_user()

    response = client.as_user(user).post("organisations/", {"name": "Golden", "num_seats": 9})

    organisation = Organisation.objects.get()
    assert response.status_code == 201
    assert {**response.json(), "created_date": None} == {
        "id": organisation.pk,
        "uuid": str(organisation.uuid),
        "name": "Golden",
        "created_date": None,
        "webhook_notification_email": None,
        "num_seats": 1,
        "subscription": {
            "id": organisation.subscription.pk,
            "uuid": str(organisation.subscription.uuid),
            "deleted_at": None,
            "subscription_id": None,
            "subscription_date": None,
            "plan": "free",
            "max_seats": 1,
            "max_api_calls": 50000,
            "cancellation_date": None,
            "customer_id": None,
            "billing_status": None,
            "payment_method": None,
            "notes": None,
            "has_active_billing_periods": False,
        },
        "role": None,
        "persist_trait_data": True,
        "block_access_to_admin": False,
        "restrict_project_create_to_admin": False,
        "force_2fa": False,
    }
    assert client.as_user(user).get(f"organisations/{organisation.pk}/").json()["role"] == "ADMIN"
    assert list(Event.objects.values_list("kind", "user_id", "organisation_id")) == [
        ("organisation.created", user.pk, organisation.pk)
    ]


def test_creating_organisations_can_be_left_to_superusers(client: AdminClient) -> None:
    with override_settings(VEXIL=replace(settings.VEXIL, restrict_org_create_to_superusers=True)):
        refused = client.as_user(make_user()).post("organisations/", {"name": "x"})
        taken = client.as_user(make_user(is_superuser=True)).post("organisations/", {"name": "x"})

    assert (refused.status_code, refused.json(), taken.status_code) == (403, REFUSED, 201)


def test_a_key_cannot_create_organisations(client: AdminClient) -> None:
    response = client.with_key(make_master_api_key(make_organisation())[1]).post("organisations/", {"name": "x"})

    assert (response.status_code, response.json()) == (403, REFUSED)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_organisation_is_closed_to_members_outsiders_and_foreign_keys(client: AdminClient, method: str) -> None:
    member = make_user()
    organisation = make_organisation(member=member, admin=make_user())
    foreign_key = make_master_api_key(make_organisation())[1]
    callers = [client.as_user(member), client.as_user(make_user()), client.with_key(foreign_key)]

    for caller in callers:
        response = caller.send(method, f"organisations/{organisation.pk}/", {"name": "Taken over"})
        assert (response.status_code, response.json()) == (403, REFUSED)
    assert Organisation.live.filter(name=organisation.name).exists()


@pytest.mark.parametrize(("name", "status"), [("abc", 400), ("99999999", 403), ("9" * 30, 400)])
def test_odd_ids_are_400_and_unknown_ones_403(client: AdminClient, name: str, status: int) -> None:
    response = client.as_user(make_user()).get(f"organisations/{name}/")

    assert (response.status_code, response.json()) == (
        status,
        ["Invalid organisation ID"] if status == 400 else REFUSED,
    )


def test_members_see_an_organisation_by_uuid_and_outsiders_do_not(client: AdminClient) -> None:
    member = make_user()
    organisation = make_organisation(member=member)
    path = f"organisations/get-by-uuid/{organisation.uuid}/"

    assert client.as_user(member).get(path).json()["role"] == "USER"
    assert client.as_user(make_user()).get(path).json() == NO_MATCH


def test_projects_of_an_organisation_are_those_that_the_caller_may_view(client: AdminClient) -> None:
    admin, member = make_user(), make_user()
    organisation = make_organisation(admin=admin, member=member)
    project = make_project(organisation)
    make_project()
    path = f"organisations/{organisation.pk}/projects/"

    assert [row["id"] for row in client.as_user(admin).get(path).json()] == [project.pk]
    assert client.as_user(member).get(path).json() == []
    assert client.as_user(make_user()).get(path).json() == NO_MATCH


def test_changed_settings_are_saved_and_read_only_ones_are_not(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    body = {"name": "New", "force_2fa": True, "persist_trait_data": False}

    response = client.as_user(admin).patch(f"organisations/{organisation.pk}/", body)

    shown = response.json()
    assert (shown["name"], shown["force_2fa"], shown["persist_trait_data"]) == ("New", True, True)
    organisation.refresh_from_db()
    assert (organisation.name, organisation.force_2fa) == ("New", True)


def test_a_deleted_organisation_takes_projects_environments_and_keys_along(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    environment = make_environment(make_project(organisation))
    key = make_master_api_key(organisation)[1]

    response = client.as_user(admin).delete(f"organisations/{organisation.pk}/")

    assert response.status_code == 204
    assert client.as_user(admin).get(f"environments/{environment.api_key}/").status_code == 404
    assert client.with_key(key).get("projects/").status_code == 401
    head = {head.environment_id: head for head in stores.current().snapshots.heads()}[environment.pk]
    assert head.keys == ()


def test_members_are_listed_with_their_roles(client: AdminClient) -> None:
    admin, member = make_user("a@example.com"), make_user("b@example.com")
    organisation = make_organisation(admin=admin, member=member)
    caller = client.as_user(member)

    shown = caller.get(f"organisations/{organisation.pk}/users/").json()
    others = caller.get(f"organisations/{organisation.pk}/users/?exclude_current=true").json()

    assert [(row["id"], row["email"], row["role"]) for row in shown] == [
        (admin.pk, "a@example.com", "ADMIN"),
        (member.pk, "b@example.com", "USER"),
    ]
    assert set(shown[0]) == {"id", "email", "first_name", "last_name", "last_login", "uuid", "role", "date_joined"}
    assert others == shown[:1]
    assert client.as_user(make_user()).get(f"organisations/{organisation.pk}/users/").json() == REFUSED


def test_an_admin_changes_roles(client: AdminClient) -> None:
    admin, member = make_user(), make_user()
    organisation = make_organisation(admin=admin, member=member)
    path = f"organisations/{organisation.pk}/users/{member.pk}/update-role/"

    denied = client.as_user(member).post(path, {"role": "ADMIN"})
    bad = client.as_user(admin).post(path, {"role": "KING"})
    changed = client.as_user(admin).post(path, {"role": "ADMIN"})
    unknown = client.as_user(admin).post(f"organisations/{organisation.pk}/users/999999/update-role/", {"role": "USER"})

    assert (denied.status_code, denied.json()) == (403, REFUSED)
    assert (bad.status_code, bad.json()) == (400, {"role": ['"KING" is not a valid choice.']})
    assert (changed.status_code, changed.json()["role"], changed.json()["id"]) == (200, "ADMIN", member.pk)
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "No FFAdminUser matches the given query."})


def test_removed_users_lose_membership_all_or_none(client: AdminClient) -> None:
    admin, member = make_user(), make_user()
    organisation = make_organisation(admin=admin, member=member)
    path = f"organisations/{organisation.pk}/remove-users/"

    refused = client.as_user(admin).post(path, [{"id": member.pk}, {"id": 999999}])
    still_there = Membership.objects.filter(user=member).exists()
    done = client.as_user(admin).post(path, [{"id": member.pk}])

    assert (refused.status_code, refused.json()) == (400, [{}, {"id": ["User with id 999999 does not exist"]}])
    assert still_there
    assert (done.status_code, done.json()) == (200, [{"id": member.pk}])
    assert not Membership.objects.filter(user=member).exists()


def test_permissions_are_described_and_ones_own_shown(client: AdminClient) -> None:
    admin, member = make_user(), make_user()
    organisation = make_organisation(admin=admin, member=member)
    path = f"organisations/{organisation.pk}/my-permissions/"

    keys = [row["key"] for row in client.as_user(admin).get("organisations/permissions/").json()]
    by_key = client.with_key(make_master_api_key(organisation)[1]).get(path)

    assert keys == ["CREATE_PROJECT", "MANAGE_USER_GROUPS"]
    assert client.as_user(admin).get(path).json() == {"permissions": [], "admin": True, "tag_based_permissions": []}
    assert client.as_user(member).get(path).json()["admin"] is False
    assert (by_key.status_code, by_key.json()) == (
        400,
        {"detail": "This endpoint can only be used with a user and not Master API Key"},
    )


def test_ten_more_organisations_cost_no_more_statements(client: AdminClient) -> None:
    user = make_user()
    caller = client.as_user(user)
    make_organisation(admin=user)

    with CaptureQueriesContext(connection) as one:
        caller.get("organisations/")
    for _ in range(10):
        make_organisation(admin=user)
    with CaptureQueriesContext(connection) as eleven:
        assert caller.get("organisations/").json()["count"] == 11

    assert len(eleven) == len(one)
