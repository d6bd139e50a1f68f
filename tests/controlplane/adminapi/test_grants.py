import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_organisation, make_user
from vexil.controlplane.actions import groups
from vexil.controlplane.db.models import Event, Group, Membership, User
from vexil.controlplane.permissions import SYSTEM

NOT_ALLOWED = {"detail": "You do not have permission to perform this action."}


def add_member(scene: Scene, **fields: str) -> User:
    member = make_user(**fields)
    Membership.objects.create(organisation=scene.project.organisation, user=member)
    return member


def group_with(scene: Scene, *users: User) -> Group:
    group = groups.create(scene.project.organisation, by=SYSTEM, name="Ops")
    group.users.add(*users)
    return group


def places(scene: Scene) -> dict[str, str]:
    return {
        "organisation": f"organisations/{scene.project.organisation_id}",
        "project": f"projects/{scene.project.pk}",
        "environment": f"environments/{scene.environment.api_key}",
    }


LEVELS = pytest.mark.parametrize(
    ("level", "key", "key_of_another_level"),
    [
        ("organisation", "CREATE_PROJECT", "VIEW_PROJECT"),
        ("project", "VIEW_PROJECT", "VIEW_ENVIRONMENT"),
        ("environment", "VIEW_ENVIRONMENT", "CREATE_PROJECT"),
    ],
)


@LEVELS
def test_a_user_is_granted_something_once_at_each_level(level: str, key: str, key_of_another_level: str) -> None:
    scene = make_scene()
    member, stranger = add_member(scene), make_user()
    grants = f"{places(scene)[level]}/user-permissions/"
    admin = {} if level == "organisation" else {"admin": False}

    made = json_of(scene.api.post(grants, {"user": member.pk, "permissions": [key], **admin}), 201)
    again = scene.api.post(grants, {"user": member.pk})
    foreign_key = scene.api.patch(f"{grants}{made['id']}/", {"permissions": [key_of_another_level]})
    outsider = scene.api.post(grants, {"user": stranger.pk, "permissions": []})
    listed = json_of(scene.api.get(f"{grants}?user={member.pk}"))
    changed = json_of(scene.api.put(f"{grants}{made['id']}/", {"user": member.pk, "permissions": []}))
    gone = scene.api.delete(f"{grants}{made['id']}/").status_code

    assert made == {"id": made["id"], "permissions": [key], **admin, "user": member.pk}
    assert json_of(again, 400) == {"non_field_errors": [f"The fields user, {level} must make a unique set."]}
    assert json_of(foreign_key, 400) == {
        "permissions": [f'Invalid pk "{key_of_another_level}" - object does not exist.']
    }
    assert json_of(outsider, 400) == {"user": [f'Invalid pk "{stranger.pk}" - object does not exist.']}
    shown = {
        "id": member.pk,
        "email": member.email,
        "first_name": "Test",
        "last_name": "User",
        "last_login": None,
        "uuid": str(member.uuid),
    }
    assert listed == [{**made, "user": shown}]
    assert (changed, gone) == ({**made, "permissions": []}, 204)
    kinds = Event.objects.filter(kind__startswith="grant.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["grant.created", "grant.updated", "grant.deleted"]


@LEVELS
def test_what_a_group_is_granted_its_members_hold(level: str, key: str, key_of_another_level: str) -> None:
    scene = make_scene()
    member = add_member(scene)
    group = group_with(scene, member)
    place = places(scene)[level]
    own = f"{place}/my-permissions/"

    made = json_of(scene.api.post(f"{place}/user-group-permissions/", {"group": group.pk, "permissions": [key]}), 201)
    held = json_of(scene.api.as_user(member).get(own))
    [listed] = json_of(scene.api.get(f"{place}/user-group-permissions/"))
    detailed = json_of(scene.api.get(f"{place}/user-detailed-permissions/{member.pk}/"))
    scene.api.delete(f"{place}/user-group-permissions/{made['id']}/")

    assert held == {"permissions": [key], "admin": False, "tag_based_permissions": []}
    users = listed["group"]["users"]
    assert [user["id"] if level == "environment" else user for user in users] == [member.pk]
    assert detailed == {
        "admin": False,
        "is_directly_granted": False,
        "derived_from": {"groups": [], "roles": []},
        "permissions": [
            {
                "permission_key": key,
                "is_directly_granted": False,
                "derived_from": {"groups": [{"id": group.pk, "name": "Ops"}], "roles": []},
            }
        ],
    }
    after = json_of(scene.api.get(f"{place}/user-detailed-permissions/{member.pk}/"))
    assert after["permissions"] == []


def test_only_admins_of_a_place_grant_there() -> None:
    scene = make_scene()
    api = scene.api.as_user(add_member(scene))
    paths = places(scene)

    organisation = api.post(f"{paths['organisation']}/user-permissions/", {})
    project = api.post(f"{paths['project']}/user-permissions/", {})
    environment = api.get(f"{paths['environment']}/user-permissions/")
    hidden = api.get(f"{paths['project']}/user-permissions/")

    assert [json_of(answer, 403) for answer in (organisation, project, environment)] == [NOT_ALLOWED] * 3
    assert json_of(hidden, 404) == {"detail": "No Project matches the given query."}


def test_one_sees_ones_own_rights_and_only_admins_those_of_others(client: AdminClient) -> None:
    scene = make_scene()
    member = add_member(scene)
    path = f"organisations/{scene.project.organisation_id}/user-detailed-permissions"

    assert json_of(scene.api.as_user(member).get(f"{path}/{member.pk}/"))["admin"] is False
    assert json_of(scene.api.as_user(member).get(f"{path}/{scene.admin.pk}/"), 403) == NOT_ALLOWED
    assert json_of(scene.api.get(f"{path}/{scene.admin.pk}/")) == {
        "admin": True,
        "is_directly_granted": True,
        "derived_from": {"groups": [], "roles": []},
        "permissions": [],
    }
    stranger = make_user()
    make_organisation(member=stranger)
    assert json_of(scene.api.get(f"{path}/{stranger.pk}/"), 404) == {
        "detail": "No FFAdminUser matches the given query."
    }


def test_an_admin_asks_for_all_rights_of_somebody_in_a_project() -> None:
    scene = make_scene()
    member = add_member(scene)
    place = places(scene)["project"]
    json_of(scene.api.post(f"{place}/user-permissions/", {"user": member.pk, "permissions": ["VIEW_PROJECT"]}), 201)

    assert json_of(scene.api.get(f"{place}/all-user-permissions/{member.pk}/")) == {
        "permissions": ["VIEW_PROJECT"],
        "admin": False,
        "tag_based_permissions": [],
    }


def test_create_project_can_be_granted(client: AdminClient) -> None:
    scene = make_scene()
    member = add_member(scene)
    body = {"name": "mine", "organisation": scene.project.organisation_id}

    assert json_of(client.as_user(member).post("projects/", body), 403) == NOT_ALLOWED
    grants = f"{places(scene)['organisation']}/user-permissions/"
    json_of(scene.api.post(grants, {"user": member.pk, "permissions": ["CREATE_PROJECT"]}), 201)
    assert json_of(client.as_user(member).post("projects/", body), 201)["name"] == "mine"
