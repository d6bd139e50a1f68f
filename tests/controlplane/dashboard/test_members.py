"""Members, invites, groups and rights, as administrators manage them and as others are refused."""

import pytest

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane import permissions
from vexil.controlplane.db.models import (
    EnvironmentGrant,
    Group,
    Invite,
    InviteLink,
    Membership,
    ProjectGrant,
    User,
)
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT, Actor


@pytest.fixture
def lee(scene: Scene) -> User:
    """A member without any right."""
    user = make_user(email="lee@example.com")
    Membership.objects.create(user=user, organisation=scene.project.organisation)
    return user


def path(scene: Scene, rest: str = "") -> str:
    return f"/organisation/{scene.project.organisation_id}/permissions{rest}"


def test_members_are_listed_and_found(scene: Scene, admin: Pages, lee: User) -> None:
    assert sorted(admin.get(path(scene)).texts("#results td .muted.small")) == sorted([lee.email, scene.admin.email])
    assert admin.fragment(path(scene), {"search": "lee@"}).texts("td .muted.small") == [lee.email]
    assert admin.fragment(path(scene), {"search": "zzz"}).texts("h2") == ["Nobody fits"]


def test_a_role_changes_but_somebody_stays_administrator(scene: Scene, admin: Pages, lee: User) -> None:
    admin.post(path(scene, f"/members/{lee.pk}/role"), {"role": "ADMIN"})
    promoted = Membership.objects.get(user=lee).role
    admin.post(path(scene, f"/members/{lee.pk}/role"), {"role": "USER"})
    last = admin.post(path(scene, f"/members/{scene.admin.pk}/role"), {"role": "USER"})

    assert promoted == "ADMIN"
    assert Membership.objects.get(user=scene.admin).role == "ADMIN"
    assert "Somebody must stay administrator: make another member one first." in admin.get(last.location).text


def test_a_removed_member_has_no_access_any_more(scene: Scene, admin: Pages, lee: User) -> None:
    grant_project(lee, scene.project, VIEW_PROJECT)

    admin.post(path(scene, f"/members/{lee.pk}/remove"))

    assert Pages(lee).get(path(scene)).status == 404
    assert not ProjectGrant.objects.filter(user=lee).exists()


def test_several_are_invited_at_once_and_bad_addresses_named(scene: Scene, admin: Pages) -> None:
    bad = admin.post(path(scene, "/invite"), {"emails": "a@example.com\nnonsense", "role": "USER"})
    admin.post(path(scene, "/invite"), {"emails": "A@example.com, b@example.com", "role": "USER"})
    again = admin.post(path(scene, "/invite"), {"emails": "a@example.com", "role": "USER"})

    assert bad.texts(".error") == ["“nonsense” is no e-mail address."]
    assert sorted(Invite.objects.values_list("email", flat=True)) == ["a@example.com", "b@example.com"]
    assert again.texts(".notice.bad") == ["Invite for email a@example.com already exists"]


def test_an_invite_is_for_one_address(scene: Scene, admin: Pages) -> None:
    admin.post(path(scene, "/invite"), {"emails": "kim@example.com", "role": "USER"})
    invite, kim = Invite.objects.get(), make_user(email="kim@example.com")
    stranger = Pages(make_user(email="other@example.com"))

    refused = stranger.post(f"/invite/{invite.hash}")
    Pages(kim).post(f"/invite/{invite.hash}")

    assert (refused.status, refused.texts("h1")) == (404, ["This invite is for somebody else"])
    assert Membership.objects.filter(user=kim, role="USER").exists()
    assert Pages(kim).get(f"/invite/{invite.hash}").status == 404


def test_a_link_lets_in_until_it_is_taken_back(scene: Scene, admin: Pages, pages: Pages) -> None:
    admin.post(path(scene, "/links"), {"role": "USER"})
    link, kim, max_ = InviteLink.objects.get(), make_user(), make_user()

    first = pages.get(f"/invite-link/{link.hash}")
    Pages(kim).post(f"/invite-link/{link.hash}")
    admin.post(path(scene, f"/links/{link.pk}/delete"))
    late = Pages(max_).post(f"/invite-link/{link.hash}")

    assert f"/signup?redirect=/invite-link/{link.hash}&invite={link.hash}" in first.attributes("a.button", "href")
    assert (Membership.objects.filter(user=kim).exists(), late.status) == (True, 404)


def test_groups_have_members_and_leads(scene: Scene, admin: Pages, lee: User) -> None:
    base = f"/organisation/{scene.project.organisation_id}/groups"
    admin.post(f"{base}/create", {"name": "Support", "external_id": "", "is_default": "on"})
    group = Group.objects.get()
    admin.post(f"{base}/{group.pk}/members", {"what": "add", "user": lee.pk})
    admin.post(f"{base}/{group.pk}/members", {"what": "admin", "user": lee.pk})

    assert group.is_default
    assert admin.get(f"{base}/{group.pk}").texts("td.strong") == ["lee@example.com leads the group"]
    assert Pages(lee).get(base).texts("td a.strong") == ["Support"]
    leader = Pages(lee)
    own = leader.post(f"{base}/{group.pk}/members", {"what": "remove", "user": lee.pk})
    assert "Nobody puts themselves into a group" in leader.get(own.location).text
    assert group.memberships.count() == 1
    admin.post(f"{base}/{group.pk}/delete", {"confirm_name": "Support"})
    assert not Group.objects.exists()


def test_rights_are_given_place_by_place_and_taken_away(scene: Scene, admin: Pages, lee: User) -> None:
    project, environment = f"project-{scene.project.pk}", f"environment-{scene.environment.pk}"
    editor = path(scene, f"/user/{lee.pk}")

    admin.post(f"{editor}?place={project}", {"VIEW_PROJECT": "on", "NONSENSE": "on"})
    admin.post(f"{editor}?place={environment}", {"is_admin": "on"})
    rights = permissions.standing(Actor(user=lee), scene.project.organisation_id)
    shown = admin.get(editor, {"place": project})
    admin.post(f"{editor}?place={environment}", {})

    assert ProjectGrant.objects.get(user=lee).permissions == ["VIEW_PROJECT"]
    assert rights.at_environment(scene.environment).is_admin
    assert [box["name"] for box in shown.soup.select("input[checked]")] == ["VIEW_PROJECT"]
    assert not EnvironmentGrant.objects.filter(user=lee).exists()


def test_rights_by_a_group_are_shown_with_its_name(scene: Scene, admin: Pages, lee: User) -> None:
    group = Group.objects.create(organisation=scene.project.organisation, name="Support")
    group.users.add(lee)
    admin.post(path(scene, f"/group/{group.pk}?place=project-{scene.project.pk}"), {"VIEW_PROJECT": "on"})

    page = admin.get(path(scene, f"/user/{lee.pk}"), {"place": f"project-{scene.project.pk}"})

    assert page.texts("label[for=VIEW_PROJECT] .hint") == ["VIEW_PROJECT · by group: Support"]


def test_a_projects_administrator_grants_there_and_nowhere_else(scene: Scene, lee: User) -> None:
    kim = make_user()
    Membership.objects.create(user=kim, organisation=scene.project.organisation)
    ProjectGrant.objects.create(user=lee, project=scene.project, is_admin=True)
    editor = path(scene, f"/user/{kim.pk}")

    inside = Pages(lee).post(f"{editor}?place=project-{scene.project.pk}", {"VIEW_PROJECT": "on"})
    above = Pages(lee).post(f"{editor}?place=organisation", {"CREATE_PROJECT": "on"})

    assert (inside.status, above.status) == (302, 403)
    assert Pages(lee).get(f"/project/{scene.project.pk}/permissions").status == 200


def test_members_without_rights_see_who_is_there_and_change_nothing(scene: Scene, lee: User) -> None:
    grant_project(lee, scene.project, VIEW_PROJECT)
    grant_environment(lee, scene.environment, VIEW_ENVIRONMENT)
    pages, admin_id = Pages(lee), scene.admin.pk

    assert pages.get(path(scene)).soup.select("main form[method=post]") == []
    refused = [
        pages.get(path(scene, "/invite")),
        pages.post(path(scene, f"/members/{admin_id}/role"), {"role": "USER"}),
        pages.post(path(scene, f"/members/{admin_id}/remove")),
        pages.post(path(scene, "/links"), {"role": "ADMIN"}),
        pages.get(path(scene, f"/user/{admin_id}")),
        pages.get(f"/project/{scene.project.pk}/permissions"),
        pages.get(f"/organisation/{scene.project.organisation_id}/groups/create"),
    ]
    assert [page.status for page in refused] == [403] * 7
