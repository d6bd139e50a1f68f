from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.controlplane.client import AdminClient
from tests.factories import make_organisation, make_project, make_user
from vexil.controlplane.actions import first_run
from vexil.controlplane.actions.users import EmailTaken, WeakPassword
from vexil.controlplane.db.models import Membership, Organisation, Project, User
from vexil.controlplane.queries import installation

BASE = "http://127.0.0.1:8000"


def with_settings(**changes: Any) -> Any:
    return override_settings(VEXIL=replace(settings.VEXIL, **changes))


def test_an_empty_installation_gets_administrator_organisation_and_project_once() -> None:
    with with_settings(allow_admin_initiation_via_cli=True, admin_email="Boss@Example.com"):
        first = first_run.bootstrap(base_url=BASE)
        second = first_run.bootstrap(base_url=BASE)

    user = User.objects.get()
    assert [first[0], *first[2:]] == [
        'Superuser "boss@example.com" created successfully.',
        'Organisation "Default Organisation" created successfully.',
        'Project "Default Project" created successfully.',
    ]
    assert first[1].startswith(f"Please go to the following page and choose a password: {BASE}/password-reset/confirm/")
    assert second == []
    assert (user.email, user.is_superuser, user.has_usable_password()) == ("boss@example.com", True, False)
    assert Membership.objects.values_list("user__email", "organisation__name", "role").get() == (
        "boss@example.com",
        "Default Organisation",
        "ADMIN",
    )
    assert Project.objects.get().name == "Default Project"


def test_without_the_switch_nothing_is_created() -> None:
    assert first_run.bootstrap(base_url=BASE) == []
    assert not User.objects.exists()


def test_each_step_is_taken_alone_when_the_others_are_done() -> None:
    admin = make_user("admin@example.com")

    with with_settings(allow_admin_initiation_via_cli=True):
        only_user_there = first_run.bootstrap(base_url=BASE)
        Project.objects.all().delete()
        project_gone = first_run.bootstrap(base_url=BASE)

    assert only_user_there == [
        'Organisation "Default Organisation" created successfully.',
        'Project "Default Project" created successfully.',
    ]
    assert project_gone == ['Project "Default Project" created successfully.']
    assert Organisation.objects.get().users.get() == admin


def test_an_installation_in_use_is_left_alone() -> None:
    make_project(make_organisation(admin=make_user()))

    with with_settings(allow_admin_initiation_via_cli=True):
        assert first_run.bootstrap(base_url=BASE) == []

    assert User.objects.count() == Organisation.objects.count() == Project.objects.count() == 1


def test_the_password_link_lets_the_administrator_in_and_works_once(client: AdminClient) -> None:
    with with_settings(allow_admin_initiation_via_cli=True, domain="flags.example.com"):
        link = first_run.bootstrap(base_url=BASE)[1].split(": ")[1]
    uid, token = link.removeprefix("https://flags.example.com/password-reset/confirm/").split("/")
    body = {"uid": uid, "token": token, "new_password": "Long-enough-314", "re_new_password": "Long-enough-314"}

    chosen = client.post("auth/users/reset_password_confirm/", body)
    again = client.post("auth/users/reset_password_confirm/", body)
    login = client.post("auth/login/", {"email": "admin@example.com", "password": "Long-enough-314"})

    assert (chosen.status_code, chosen.content) == (204, b"")
    assert (again.status_code, again.json()) == (400, {"token": ["Invalid token for given user."]})
    assert login.status_code == 200


def test_opening_the_init_page_creates_the_first_administrator(client: AdminClient) -> None:
    first = client.get("users/init/")
    second = client.get("users/init/")

    url = first.json()["passwordResetUrl"]
    assert (first.status_code, first.json()) == (201, {"adminUserCreated": True, "passwordResetUrl": url})
    assert url.startswith("http://localhost/password-reset/confirm/")
    assert (second.status_code, second.json()) == (
        400,
        {"adminUserCreated": False, "message": "FAILED TO INIT ADMIN USER. USER(S) ALREADY EXIST IN SYSTEM."},
    )


def test_the_init_page_can_be_switched_off(client: AdminClient) -> None:
    with with_settings(allow_admin_initiation_via_url=False):
        response = client.get("users/init/")

    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
    assert not User.objects.exists()


def test_an_administrator_can_be_created_with_or_without_password() -> None:
    with_password = first_run.create_administrator("a@example.com", "Long-enough-314", base_url=BASE)
    without = first_run.create_administrator("b@example.com", base_url=BASE)

    assert with_password == ['Superuser "a@example.com" created successfully.']
    assert without[0] == 'Superuser "b@example.com" created successfully.'
    assert without[1].startswith("Please go to the following page and choose a password: http://127.0.0.1:8000/")
    assert User.objects.filter(is_superuser=True).count() == 2


def test_no_administrator_is_created_with_a_taken_address_or_a_weak_password() -> None:
    make_user("a@example.com")

    with pytest.raises(EmailTaken):
        first_run.create_administrator("A@example.com", base_url=BASE)
    with pytest.raises(WeakPassword):
        first_run.create_administrator("b@example.com", "12345678", base_url=BASE)

    assert User.objects.count() == 1


def test_the_version_page_can_tell_whether_somebody_is_there(client: AdminClient) -> None:
    nobody = installation.people()
    user = make_user()
    somebody = installation.people()
    client.as_user(user).get("auth/users/me/")

    assert (nobody, somebody, installation.people()) == ((False, False), (True, False), (True, True))


def test_a_password_link_leads_to_the_dashboards_page() -> None:
    response = Client(headers={"Host": "localhost"}).get("/password-reset/confirm/Mg/abc-def/")

    assert (response.status_code, response["Location"]) == (302, "http://localhost/password-reset/Mg/abc-def")
