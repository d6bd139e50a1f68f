"""No value, wherever it stands, makes the server fail."""

from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.factories import make_environment, make_master_api_key, make_organisation, make_project, make_user

VALUES: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 10**40, 1.5, 1e308, "", " ", "x" * 3000, "\x00", "\ud800", "ß", "9" * 400, "²",
    [], [None], [[]], [{}], {}, {"id": None}, {"a": {"b": []}},
]  # fmt: skip
FIELDS = {
    "auth/users/": ["email", "password", "first_name", "sign_up_type", "superuser", "marketing_consent_given"],
    "auth/login/": ["email", "password"],
    "auth/users/me/": ["first_name", "sign_up_type", "current_password", "delete_orphan_organisations"],
    "auth/users/me/onboarding/": ["tasks", "tools", "hosting_preferences"],
    "auth/users/set_password/": ["new_password", "re_new_password", "current_password"],
    "auth/users/set_email/": ["new_email", "current_password"],
    "auth/users/reset_password/": ["email"],
    "auth/users/reset_password_confirm/": ["uid", "token", "new_password"],
    "organisations/": ["name", "webhook_notification_email", "force_2fa"],
    "organisations/{organisation}/": ["name", "webhook_notification_email", "restrict_project_create_to_admin"],
    "organisations/{organisation}/remove-users/": ["id"],
    "organisations/{organisation}/users/{user}/update-role/": ["role"],
    "organisations/{organisation}/master-api-keys/": ["name", "expiry_date", "revoked", "is_admin"],
    "organisations/{organisation}/master-api-keys/{prefix}/": ["name", "expiry_date", "is_admin"],
    "projects/": ["name", "organisation", "feature_name_regex", "stale_flags_limit_days"],
    "projects/{project}/": [
        "name",
        "feature_name_regex",
        "stale_flags_limit_days",
        "minimum_change_request_approvals",
        "hide_disabled_flags",
    ],
    "environments/": ["name", "project", "api_key", "banner_text"],
    "environments/{environment}/": [
        "name",
        "description",
        "banner_colour",
        "minimum_change_request_approvals",
        "hide_disabled_flags",
    ],
    "environments/{environment}/api-keys/": ["name", "active", "expires_at"],
}


@pytest.mark.parametrize("path", FIELDS)
def test_no_value_in_a_body_makes_the_server_fail(client: AdminClient, path: str) -> None:
    user = make_user("me@example.com")
    environment = make_environment(make_project(make_organisation(admin=user)))
    organisation = environment.project.organisation
    names = {
        "organisation": organisation.pk,
        "project": environment.project_id,
        "environment": environment.api_key,
        "user": user.pk,
        "prefix": make_master_api_key(organisation)[0].prefix,
    }
    good = {
        "name": "name",
        "organisation": organisation.pk,
        "project": environment.project_id,
        "password": "Pass-4321-x",
    }
    caller = client.as_user(user)

    for field in FIELDS[path]:
        for value in VALUES:
            for method in ("POST", "PATCH"):
                response = caller.send(method, path.format(**names), {**good, field: value})
                assert response.status_code < 500, (method, field, value)


@pytest.mark.parametrize("value", VALUES)
def test_no_value_as_a_body_makes_the_server_fail(client: AdminClient, value: Any) -> None:
    user = make_user()
    organisation = make_organisation(admin=user)

    for path in (*(path for path in FIELDS if "{" not in path), f"organisations/{organisation.pk}/remove-users/"):
        assert client.as_user(user).post(path, value).status_code < 500, path


@pytest.mark.parametrize("value", ["%00", "%FF", "9" * 400, "²", "-1", "a/b", "%ED%A0%80", "' OR 1=1 --"])
def test_no_value_in_a_path_or_query_makes_the_server_fail(client: AdminClient, value: str) -> None:
    caller = client.as_user(make_user())

    for path in (
        f"projects/?organisation={value}",
        f"projects/?uuid={value}",
        f"projects/{value}/",
        f"organisations/{value}/",
        f"organisations/{value}/projects/",
        f"organisations/?page={value}",
        f"organisations/get-by-uuid/{value}/",
        f"organisations/1/master-api-keys/{value}/",
        f"environments/{value}/",
        f"environments/{value}/document/",
        f"environments/?project={value}",
    ):
        assert caller.get(path).status_code in {400, 403, 404, 200}, path


def test_bad_lists_of_people_are_refused_with_their_faults(client: AdminClient) -> None:
    user = make_user()
    caller, organisation = client.as_user(user), make_organisation(admin=user).pk

    emails = caller.post(f"organisations/{organisation}/invite/", {"emails": "kim@example.com"})
    leaving = caller.post(f"organisations/{organisation}/remove-users/", [{"id": user.pk}, {"id": "x"}, {}])

    assert (emails.status_code, emails.json()) == (
        400,
        {"emails": ['Expected a list of items but got type "str".']},
    )
    assert (leaving.status_code, leaving.json()) == (
        400,
        [{}, {"id": ["A valid integer is required."]}, {"id": ["This field is required."]}],
    )


def test_a_path_without_its_beginning_is_404_though_a_page_is_called_so(client: AdminClient) -> None:
    page = client.get("/organisations")
    mistake = client.get("/organisations/")

    assert page.status_code == 302
    assert (mistake.status_code, mistake.json()) == (404, {"detail": "Not found."})
