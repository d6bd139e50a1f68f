from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from rest_framework.authtoken.models import Token

from tests.controlplane.client import AdminClient
from tests.factories import PASSWORD, make_master_api_key, make_organisation, make_user
from vexil.controlplane.db.models import Organisation, User

NEW = {"email": "New@Example.com", "password": PASSWORD, "first_name": "New", "last_name": "Person"}
CANNOT_LOG_IN = {"non_field_errors": ["Unable to log in with provided credentials."]}
REFUSED = {"detail": "You do not have permission to perform this action."}


def with_settings(**changes: Any) -> Any:
    return override_settings(VEXIL=replace(settings.VEXIL, **changes))


def test_signing_up_answers_the_account_and_its_token(client: AdminClient) -> None:
    response = client.post("auth/users/", NEW)

    user = User.objects.get()
    assert (response.status_code, response.json()) == (
        201,
        {
            "first_name": "New",
            "last_name": "Person",
            "sign_up_type": None,
            "email": "new@example.com",
            "id": user.pk,
            "is_active": True,
            "marketing_consent_given": True,
            "uuid": str(user.uuid),
            "key": Token.objects.get(user=user).key,
        },
    )


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"email": "TAKEN@example.com"}, {"email": ["Email already exists. Please log in."]}),
        ({"email": "none"}, {"email": ["Enter a valid email address."]}),
        ({"sign_up_type": "X"}, {"sign_up_type": ['"X" is not a valid choice.']}),
        (
            {"password": "123"},
            {
                "password": [
                    "This password is too short. It must contain at least 8 characters.",
                    "This password is too common.",
                    "This password is entirely numeric.",
                ]
            },
        ),
        ({"password": "New@Example.com"}, {"password": ["The password is too similar to the email."]}),
        (
            {"superuser": True},
            {"superuser": ["A superuser can only be created through this  endpoint if no other users exist."]},
        ),
    ],
)
def test_a_bad_sign_up_is_400_and_creates_nobody(
    client: AdminClient, changes: dict[str, Any], answer: dict[str, Any]
) -> None:
    make_user("taken@example.com")

    response = client.post("auth/users/", {**NEW, **changes})

    assert (response.status_code, response.json()) == (400, answer)
    assert User.objects.count() == 1


def test_the_very_first_account_can_make_itself_superuser(client: AdminClient) -> None:
    client.post("auth/users/", {**NEW, "superuser": True})

    assert User.objects.get().is_superuser


@pytest.mark.parametrize(
    ("switch", "detail"),
    [
        ({"prevent_signup": True}, "Sign-up is disabled for this installation."),
        ({"prevent_email_password": True}, "Sign-up is disabled for this installation."),
        (
            {"allow_registration_without_invite": False},
            "User registration without an invite is disabled for this installation.",
        ),
    ],
)
def test_sign_up_can_be_closed(client: AdminClient, switch: dict[str, bool], detail: str) -> None:
    with with_settings(**switch):
        response = client.post("auth/users/", NEW)

    assert (response.status_code, response.json()) == (403, {"detail": detail})


def test_logging_in_answers_the_same_token_until_it_is_deleted(client: AdminClient) -> None:
    make_user("me@example.com")
    credentials = {"email": "ME@example.com", "password": PASSWORD}

    first = client.post("auth/login/", credentials).json()["key"]
    again = client.post("auth/login/", credentials).json()["key"]
    logout = client.post("auth/logout/", Authorization=f"Token {first}")
    refused = client.get("auth/users/me/", Authorization=f"Token {first}")
    third = client.post("auth/login/", credentials).json()["key"]
    deleted = client.delete("auth/token/", Authorization=f"Token {third}")

    assert first == again != third
    assert (logout.status_code, logout.content, deleted.status_code) == (204, b"", 204)
    assert (refused.status_code, refused.json()) == (401, {"detail": "Invalid token."})
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("credentials", "answer"),
    [
        ({"email": "me@example.com", "password": "wrong"}, CANNOT_LOG_IN),
        ({"email": "nobody@example.com", "password": PASSWORD}, CANNOT_LOG_IN),
        ({"email": "me@example.com"}, CANNOT_LOG_IN),
        ({"email": "", "password": ""}, CANNOT_LOG_IN),
        ({}, CANNOT_LOG_IN),
        ({"email": "me@example.com", "password": None}, {"password": ["This field may not be null."]}),
    ],
)
def test_wrong_credentials_are_400(client: AdminClient, credentials: dict[str, Any], answer: dict[str, Any]) -> None:
    make_user("me@example.com")

    response = client.post("auth/login/", credentials)

    assert (response.status_code, response.json()) == (400, answer)


def test_an_inactive_account_cannot_log_in(client: AdminClient) -> None:
    make_user("me@example.com", is_active=False)

    assert client.post("auth/login/", {"email": "me@example.com", "password": PASSWORD}).json() == CANNOT_LOG_IN


def test_log_in_by_password_can_be_switched_off(client: AdminClient) -> None:
    make_user("me@example.com")

    with with_settings(prevent_email_password=True):
        response = client.post("auth/login/", {"email": "me@example.com", "password": PASSWORD})

    assert (response.status_code, response.json()) == (403, REFUSED)


def test_people_see_and_change_themselves(client: AdminClient) -> None:
    user = make_user("me@example.com", first_name="Ada", last_name="L")
    caller = client.as_user(user)

    shown = caller.patch("auth/users/me/", {"first_name": "Grace", "email": "other@example.com", "is_superuser": True})

    assert shown.status_code == 200
    assert shown.json() == caller.get("auth/users/me/").json()
    assert {**shown.json(), "date_joined": None} == {
        "first_name": "Grace",
        "last_name": "L",
        "sign_up_type": None,
        "id": user.pk,
        "email": "me@example.com",
        "auth_type": "EMAIL",
        "is_superuser": False,
        "date_joined": None,
        "uuid": str(user.uuid),
        "pylon_email_signature": None,
        "onboarding": None,
    }
    assert caller.put("auth/users/me/", {"first_name": "G"}).json() == {"last_name": ["This field is required."]}
    assert (caller.post("auth/users/me/", {}).status_code, caller.post("auth/users/me/", {}).json()) == (403, REFUSED)


def test_a_key_is_no_person(client: AdminClient) -> None:
    caller = client.with_key(make_master_api_key(make_organisation())[1])

    assert (caller.get("auth/users/me/").status_code, caller.get("auth/users/me/").json()) == (403, REFUSED)


def test_accounts_of_others_cannot_be_looked_at(client: AdminClient) -> None:
    caller = client.as_user(make_user())

    assert caller.get("auth/users/").json() == caller.get("auth/users/1/").json() == {"detail": "Not found."}


def test_onboarding_is_merged_by_key(client: AdminClient) -> None:
    caller = client.as_user(make_user())

    caller.patch("auth/users/me/onboarding/", {"tools": {"completed": True, "integrations": ["github"]}})
    caller.patch("auth/users/me/onboarding/", {"tasks": [{"name": "a", "completed_at": "2024-01-01T00:00:00Z"}]})

    assert caller.get("auth/users/me/").json()["onboarding"] == {
        "tools": {"completed": True, "integrations": ["github"]},
        "tasks": [{"name": "a", "completed_at": "2024-01-01T00:00:00Z"}],
    }
    assert caller.patch("auth/users/me/onboarding/", {}).json() == {
        "non_field_errors": ["At least one of 'tasks' or 'tools' or 'hosting_preferences' must be provided."]
    }


def test_a_new_password_leaves_the_token_valid(client: AdminClient) -> None:
    user = make_user("me@example.com")
    body = {"new_password": "Brand-new-271", "re_new_password": "Brand-new-271", "current_password": PASSWORD}

    response = client.as_user(user).post("auth/users/set_password/", body)

    assert response.status_code == 204
    assert client.as_user(user).get("auth/users/me/").status_code == 200
    assert client.post("auth/login/", {"email": "me@example.com", "password": "Brand-new-271"}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"re_new_password": "other"}, {"non_field_errors": ["The two password fields didn't match."]}),
        ({"current_password": "wrong"}, {"current_password": ["Invalid password."]}),
    ],
)
def test_a_bad_change_of_password_is_400(client: AdminClient, changes: dict[str, Any], answer: dict[str, Any]) -> None:
    body = {"new_password": "Brand-new-271", "re_new_password": "Brand-new-271", "current_password": PASSWORD}

    response = client.as_user(make_user()).post("auth/users/set_password/", {**body, **changes})

    assert (response.status_code, response.json()) == (400, answer)


def test_an_address_that_is_taken_is_refused(client: AdminClient) -> None:
    make_user("taken@example.com")
    user = make_user("me@example.com")

    taken = client.as_user(user).post(
        "auth/users/set_email/", {"new_email": "Taken@example.com", "current_password": PASSWORD}
    )
    free = client.as_user(user).post(
        "auth/users/set_email/", {"new_email": "Free@example.com", "current_password": PASSWORD}
    )

    assert taken.json() == {"new_email": ["Feature flag admin user with this email already exists."]}
    assert free.status_code == 204
    assert User.objects.get(pk=user.pk).email == "free@example.com"


def test_asking_for_a_password_link_never_tells_who_exists(client: AdminClient) -> None:
    make_user("me@example.com")

    answers = [client.post("auth/users/reset_password/", {"email": name}) for name in ("me@example.com", "x@y.test")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (None, {"current_password": ["This field is required."]}),
        ({"current_password": ""}, {"current_password": ["This field may not be blank."]}),
        ({"current_password": "wrong"}, {"current_password": ["Invalid password."]}),
    ],
)
def test_deleting_an_account_needs_its_password(client: AdminClient, body: Any, answer: dict[str, Any]) -> None:
    response = client.as_user(make_user()).delete("auth/users/me/", body)

    assert (response.status_code, response.json()) == (400, answer)
    assert User.objects.count() == 1


def test_a_deleted_account_takes_only_its_orphan_organisations_along(client: AdminClient) -> None:
    user = make_user()
    orphan = make_organisation(admin=user)
    shared = make_organisation(admin=user, member=make_user())

    response = client.as_user(user).delete(
        "auth/users/me/", {"current_password": PASSWORD, "delete_orphan_organisations": True}
    )

    assert response.status_code == 204
    assert not User.objects.filter(pk=user.pk).exists()
    assert set(Organisation.live.all()) == {shared}
    assert Organisation.objects.get(pk=orphan.pk).deleted_at is not None
