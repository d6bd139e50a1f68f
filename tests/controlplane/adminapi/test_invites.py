import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import json_of
from tests.factories import PASSWORD, make_organisation, make_user
from vexil.controlplane.actions import groups, invites
from vexil.controlplane.db.models import Event, Group, Invite, InviteLink, Membership, Organisation, User
from vexil.controlplane.permissions import SYSTEM

INSUFFICIENT = {"detail": "User does not have sufficient privileges to perform this action"}
NOT_ALLOWED = {"detail": "You do not have permission to perform this action."}
LOCAL_MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@dataclass(frozen=True)
class House:
    organisation: Organisation
    admin: User
    api: AdminClient

    def path(self, rest: str) -> str:
        return f"organisations/{self.organisation.pk}/{rest}"

    def invite(self, email: str, *to: Group, role: str = "USER") -> Invite:
        [invite] = invites.invite(self.organisation, [invites.NewInvite(email, role, to)], by=SYSTEM, site="http://x")
        return invite


@pytest.fixture
def house(client: AdminClient) -> House:
    admin = make_user()
    return House(make_organisation(admin=admin), admin, client.as_user(admin))


@pytest.fixture(autouse=True)
def outbox() -> Iterator[list[mail.EmailMessage]]:
    mail.outbox = []
    with override_settings(EMAIL_BACKEND=LOCAL_MEMORY):
        yield mail.outbox


def wait_for(mails: list[mail.EmailMessage], count: int) -> None:
    """Mails leave beside the request."""
    deadline = time.monotonic() + 5
    while len(mails) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def test_an_invite_is_mailed_with_a_link_to_join(house: House, outbox: list[mail.EmailMessage]) -> None:
    made = json_of(house.api.post(house.path("invites/"), {"email": "Kim@example.com"}), 201)
    wait_for(outbox, 1)

    invite = Invite.objects.get()
    [sent] = outbox
    assert {**made, "date_created": None} == {
        "id": invite.pk,
        "email": "kim@example.com",
        "date_created": None,
        "role": "USER",
        "permission_groups": [],
    }
    assert (sent.to, sent.subject) == (["kim@example.com"], f"You are invited to {house.organisation.name}")
    assert f"http://localhost/invite/{invite.hash}" in str(sent.body)
    assert [event.kind for event in Event.objects.all()] == ["invites.created"]


def test_many_are_invited_at_once_or_none(house: House) -> None:
    group = groups.create(house.organisation, by=SYSTEM, name="Ops")
    people = [{"email": "a@example.com", "role": "ADMIN", "permission_groups": [group.pk]}, {"email": "b@example.com"}]

    made = json_of(house.api.post(house.path("invite/"), {"invites": people}), 201)
    again = json_of(house.api.post(house.path("invite/"), {"invites": [{"email": "c@example.com"}, people[1]]}), 400)
    twice = json_of(house.api.post(house.path("invite/"), {"emails": ["d@example.com", "d@example.com"]}), 400)
    older = json_of(house.api.post(house.path("invite/"), {"emails": ["e@example.com"]}), 201)

    inviter = {"id": house.admin.pk, "email": house.admin.email, "first_name": "Test", "last_name": "User"}
    assert [(row["email"], row["role"], row["permission_groups"], row["invited_by"]) for row in made] == [
        ("a@example.com", "ADMIN", [group.pk], inviter),
        ("b@example.com", "USER", [], inviter),
    ]
    assert again == {"invites": [{}, {"email": ["Invite for email b@example.com already exists"]}]}
    assert twice == {"invites": [{}, {"email": ["Invite for email d@example.com already exists"]}]}
    assert [row["email"] for row in older] == ["e@example.com"]
    assert json_of(house.api.post(house.path("invite/"), {}), 201) == []


def test_invites_are_listed_resent_and_withdrawn(house: House, outbox: list[mail.EmailMessage]) -> None:
    made = json_of(house.api.post(house.path("invites/"), {"email": "kim@example.com"}), 201)
    one = house.path(f"invites/{made['id']}/")

    [listed] = json_of(house.api.get(house.path("invites/")))["results"]
    detail = json_of(house.api.get(one))
    resent = house.api.post(f"{one}resend/")
    wait_for(outbox, 2)
    withdrawn = house.api.delete(one).status_code

    assert listed == detail
    assert (set(listed), listed["invited_by"]["role"]) == (
        {"id", "email", "date_created", "permission_groups", "invited_by"},
        "ADMIN",
    )
    assert (resent.status_code, resent.content, len(outbox), withdrawn) == (200, b"", 2, 204)
    assert json_of(house.api.get(one), 404) == {"detail": "No Invite matches the given query."}


def test_inviting_works_while_no_mail_server_does(house: House) -> None:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1):
        answer = house.api.post(house.path("invites/"), {"email": "kim@example.com"})

    assert json_of(answer, 201)["email"] == "kim@example.com"


def test_joining_by_mail_is_for_the_invited_address_and_works_once(house: House, client: AdminClient) -> None:
    everybody = groups.create(house.organisation, by=SYSTEM, name="Everybody", is_default=True)
    ops = groups.create(house.organisation, by=SYSTEM, name="Ops")
    invite = house.invite("kim@example.com", ops, role="ADMIN")
    kim = make_user("kim@example.com")

    stranger = client.as_user(make_user()).post(f"users/join/{invite.hash}/")
    joined = json_of(client.as_user(kim).post(f"users/join/{invite.hash}/"))
    again = client.as_user(kim).post(f"users/join/{invite.hash}/")

    assert json_of(stranger, 400) == {"detail": "Registered email does not match invited email"}
    assert (joined["id"], joined["role"], joined["num_seats"]) == (house.organisation.pk, "ADMIN", 2)
    assert set(kim.user_groups.all()) == {everybody, ops}
    assert json_of(again, 404) == {"detail": "No Invite matches the given query."}


def test_whoever_has_a_link_joins_and_a_member_keeps_the_role(house: House, client: AdminClient) -> None:
    link = json_of(house.api.post(house.path("invite-links/"), {}), 201)
    kim = client.as_user(make_user())

    joined = json_of(kim.post(f"users/join/link/{link['hash']}/"))
    again = json_of(kim.post(f"users/join/link/{link['hash']}/"))
    own = json_of(house.api.post(f"users/join/link/{link['hash']}/"))

    assert (link["role"], link["expires_at"]) == ("USER", None)
    assert (joined["role"], again, own["role"]) == ("USER", joined, "ADMIN")
    assert Event.objects.filter(kind="membership.created").count() == 1


def test_links_that_are_over_unknown_or_deleted_let_nobody_in(house: House, client: AdminClient) -> None:
    kim = client.as_user(make_user())
    over = InviteLink.objects.create(organisation=house.organisation, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    link = InviteLink.objects.create(organisation=house.organisation)

    assert json_of(kim.post(f"users/join/link/{over.hash}/"), 400) == {"detail": "Invite has expired"}
    assert house.api.delete(house.path(f"invite-links/{link.pk}/")).status_code == 204
    for secret in (link.hash, "no-such-hash"):
        assert json_of(kim.post(f"users/join/link/{secret}/"), 404) == {
            "detail": "No InviteLink matches the given query."
        }
    assert Membership.objects.count() == 1


def test_links_can_be_switched_off(house: House, client: AdminClient) -> None:
    link = InviteLink.objects.create(organisation=house.organisation)
    disabled = {"detail": "Invite links are disabled."}

    with override_settings(VEXIL=replace(settings.VEXIL, disable_invite_links=True)):
        assert json_of(house.api.get(house.path("invite-links/")), 400) == disabled
        assert json_of(house.api.post(house.path("invite-links/"), {}), 400) == disabled
        assert json_of(client.as_user(make_user()).post(f"users/join/link/{link.hash}/"), 403) == disabled


def test_only_admins_invite(house: House, client: AdminClient) -> None:
    member = make_user()
    Membership.objects.create(organisation=house.organisation, user=member)
    api = client.as_user(member)

    assert json_of(api.get(house.path("invites/")), 403) == INSUFFICIENT
    assert json_of(api.post(house.path("invite-links/"), {"role": "ADMIN"}), 403) == INSUFFICIENT
    assert json_of(api.post(house.path("invite/"), {"emails": ["x@example.com"]}), 403) == NOT_ALLOWED


@pytest.mark.parametrize("switch", [{"prevent_signup": True}, {"allow_registration_without_invite": False}])
def test_the_invited_sign_up_where_others_cannot(house: House, client: AdminClient, switch: dict[str, bool]) -> None:
    house.invite("kim@example.com")
    link = InviteLink.objects.create(organisation=house.organisation)
    person = {"first_name": "K", "last_name": "L", "password": PASSWORD}

    with override_settings(VEXIL=replace(settings.VEXIL, **switch)):
        stranger = client.post("auth/users/", {**person, "email": "no@example.com", "invite_hash": "wrong"})
        by_mail = client.post("auth/users/", {**person, "email": "Kim@example.com"})
        by_link = client.post("auth/users/", {**person, "email": "lee@example.com", "invite_hash": link.hash})

    assert [answer.status_code for answer in (stranger, by_mail, by_link)] == [403, 201, 201]


def test_a_secret_that_no_database_can_hold_is_unknown(client: AdminClient) -> None:
    kim = client.as_user(make_user())

    assert kim.post("users/join/link/%00/").status_code == 404
    assert kim.post("users/join/%00/").status_code == 404
