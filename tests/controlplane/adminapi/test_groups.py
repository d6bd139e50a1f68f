from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import json_of, make_scene
from tests.factories import make_organisation, make_user
from vexil.controlplane.actions import groups, organisations
from vexil.controlplane.db.models import Event, Group, GroupMembership, Organisation, OrganisationGrant, User
from vexil.controlplane.permissions import SYSTEM

NOT_ALLOWED = {"detail": "You do not have permission to perform this action."}
NO_GROUP = {"detail": "No UserPermissionGroup matches the given query."}


@dataclass(frozen=True)
class Club:
    organisation: Organisation
    admin: User
    member: User

    @property
    def path(self) -> str:
        return f"organisations/{self.organisation.pk}/groups/"

    def group(self, *users: User, **fields: object) -> Group:
        group = groups.create(self.organisation, by=SYSTEM, **{"name": "Developers", **fields})
        group.users.add(*users)
        return group


def make_club() -> Club:
    admin, member = make_user(), make_user()
    return Club(make_organisation(admin=admin, member=member), admin, member)


def member_json(user: User, *, group_admin: bool = False) -> dict[str, object]:
    return {
        "id": user.pk,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "last_login": None,
        "group_admin": group_admin,
    }


def test_an_admin_makes_fills_and_deletes_a_group(client: AdminClient) -> None:
    club = make_club()
    api = client.as_user(club.admin)

    made = json_of(api.post(club.path, {"name": "Ops", "external_id": "x", "users": [1]}), 201)
    one = f"{club.path}{made['id']}/"
    filled = json_of(api.post(f"{one}add-users/", {"user_ids": [club.member.pk]}))
    led = api.post(f"{one}users/{club.member.pk}/make-admin")
    listed = json_of(api.get(club.path))["results"]
    emptied = json_of(api.post(f"{one}remove-users/", {"user_ids": [club.member.pk]}))
    gone = api.delete(one).status_code

    assert made == {"id": made["id"], "name": "Ops", "users": [], "is_default": False, "external_id": "x"}
    assert filled == {**made, "users": [member_json(club.member)]}
    assert (led.status_code, led.content) == (200, b"")
    assert listed == [{**made, "users": [member_json(club.member, group_admin=True)]}]
    assert (emptied, gone) == (made, 204)
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == [
        "group.created",
        "group.users_changed",
        "group.admins_changed",
        "group.users_changed",
        "group.deleted",
    ]


def test_refusals_name_what_is_wrong(client: AdminClient) -> None:
    club = make_club()
    api, one = client.as_user(club.admin), f"{club.path}{club.group(external_id='x').pk}/"

    assert json_of(api.post(club.path, {"name": "Third", "external_id": "x"}), 400) == {
        "external_id": ["A group with this external id already exists."]
    }
    assert json_of(api.patch(one, {"external_id": "x"}))["external_id"] == "x"
    assert json_of(api.post(f"{one}add-users/", {}), 400) == {"user_ids": ["This field is required."]}
    assert json_of(api.post(f"{one}add-users/", {"user_ids": [make_user().pk]}), 400) == {
        "detail": "Users  do not exist in this organisation"
    }
    assert json_of(api.post(f"{one}users/{club.member.pk}/make-admin"), 404) == {
        "detail": "No FFAdminUser matches the given query."
    }


def test_a_plain_member_sees_names_but_no_group(client: AdminClient) -> None:
    club = make_club()
    api = client.as_user(club.member)
    group, other = club.group(club.member), club.group(name="Others")

    assert json_of(api.get(club.path))["results"] == []
    assert json_of(api.post(club.path, {"name": "Mine"}), 403) == NOT_ALLOWED
    assert json_of(api.get(f"{club.path}{group.pk}/"), 404) == NO_GROUP
    assert json_of(api.post(f"{club.path}{other.pk}/add-users/", {"user_ids": [club.member.pk]}), 404) == NO_GROUP
    assert json_of(api.get(f"{club.path}my-groups/"))["results"] == [{"id": group.pk, "name": "Developers"}]
    assert json_of(api.get(f"{club.path}summaries/")) == [
        {"id": group.pk, "name": "Developers"},
        {"id": other.pk, "name": "Others"},
    ]


def test_who_leads_a_group_changes_it_but_not_their_own_place_in_it(client: AdminClient) -> None:
    club = make_club()
    api, group, other = client.as_user(club.member), club.group(club.member), club.group()
    GroupMembership.objects.filter(group=group).update(is_group_admin=True)

    assert [row["id"] for row in json_of(api.get(club.path))["results"]] == [group.pk]
    added = json_of(api.post(f"{club.path}{group.pk}/add-users/", {"user_ids": [club.admin.pk]}))
    assert [user["id"] for user in added["users"]] == [club.admin.pk, club.member.pk]
    own = {"user_ids": [club.member.pk]}
    assert json_of(api.post(f"{club.path}{group.pk}/remove-users/", own), 403) == NOT_ALLOWED
    assert json_of(api.delete(f"{club.path}{other.pk}/"), 404) == NO_GROUP


def test_managing_groups_is_a_right_that_does_not_reach_oneself(client: AdminClient) -> None:
    club = make_club()
    OrganisationGrant.objects.create(
        organisation=club.organisation, user=club.member, permissions=["MANAGE_USER_GROUPS"]
    )
    api = client.as_user(club.member)
    group = json_of(api.post(club.path, {"name": "New"}), 201)

    own = {"user_ids": [club.member.pk]}
    assert json_of(api.post(f"{club.path}{group['id']}/add-users/", own), 403) == NOT_ALLOWED
    assert api.delete(f"{club.path}{group['id']}/").status_code == 204


def test_leaving_the_organisation_is_leaving_its_groups() -> None:
    club = make_club()
    group = club.group(club.member)

    organisations.remove_member(club.organisation, club.member, by=SYSTEM)

    assert list(group.users.all()) == []


def test_a_list_of_groups_costs_the_same_whatever_its_length(client: AdminClient) -> None:
    club = make_club()
    api = client.as_user(club.admin)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            json_of(api.get(club.path))
        return len(captured)

    club.group(club.member)
    few = statements()
    for _ in range(5):
        club.group(club.member, club.admin)

    assert statements() == few


def test_groups_own_features(client: AdminClient) -> None:
    scene = make_scene()
    group = groups.create(scene.project.organisation, by=SYSTEM, name="Team")
    foreign = groups.create(make_organisation(), by=SYSTEM, name="Strangers")
    features = f"projects/{scene.project.pk}/features/"
    team = [{"id": group.pk, "name": "Team"}]

    made = json_of(scene.api.post(features, {"name": "owned", "group_owners": [group.pk]}), 201)
    stranger = scene.api.post(features, {"name": "stolen", "group_owners": [foreign.pk]})
    removed = json_of(scene.api.post(f"{features}{made['id']}/remove-group-owners/", {"group_ids": [group.pk]}))
    added = json_of(scene.api.post(f"{features}{made['id']}/add-group-owners/", {"group_ids": [group.pk]}))
    unknown = scene.api.post(f"{features}{made['id']}/add-group-owners/", {"group_ids": [foreign.pk]})
    listed = json_of(scene.api.get(f"{features}?group_owners={group.pk}"))["results"]

    assert (made["group_owners"], made["owners"]) == (team, [])
    assert json_of(stranger, 400) == {"group_owners": [f'Invalid pk "{foreign.pk}" - object does not exist.']}
    assert (removed["group_owners"], added["group_owners"]) == ([], team)
    assert json_of(unknown, 400) == ["Some groups not found"]
    assert [feature["name"] for feature in listed] == ["owned"]
