"""Each cause for which the Admin API refuses a request is named in the answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.controlplane.adminapi.test_throttles import rates
from tests.controlplane.client import AdminClient
from tests.factories import make_master_api_key, make_organisation, make_project, make_user
from vexil.rates import Rate


def explained(response: Any) -> tuple[int, str]:
    return response.status_code, response.whole["code"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "missing_credentials"),
        ({"X-Environment-Key": "A2b3C4d5E6f7G8h9J2k3L4"}, 403, "wrong_header"),
        ({"Authorization": "api-key abcdefgh.x"}, 401, "unknown_scheme"),
        ({"Authorization": f"Token abcdefgh.{'x' * 32}"}, 401, "wrong_scheme"),
        ({"Authorization": f"Api-Key {'a0' * 20}"}, 401, "wrong_scheme"),
        ({"Authorization": f"Token {'a0' * 20}"}, 401, "invalid_user_token"),
        ({"Authorization": "Token"}, 401, "malformed_credential"),
        ({"Authorization": f'Api-Key "abcdefgh.{"x" * 32}"'}, 401, "malformed_credential"),
        ({"Authorization": f"Api-Key abcdefgh.{'x' * 32}"}, 401, "unknown_api_key"),
    ],
)
def test_credentials_that_do_not_do(client: AdminClient, headers: dict[str, str], status: int, code: str) -> None:
    response = client.get("projects/", **headers)

    assert explained(response) == (status, code)
    assert not any(
        value.partition(" ")[2] and value.partition(" ")[2] in str(response.whole) for value in headers.values()
    )


def test_what_became_of_an_organisation_key_is_told_to_who_holds_all_of_it(client: AdminClient) -> None:
    now, organisation = datetime.now(UTC), make_organisation()
    changes = {
        "revoked": {"revoked": True},
        "deleted": {"deleted_at": now},
        "expired": {"expiry_date": now - timedelta(1)},
    }

    for change in changes.values():
        row, key = make_master_api_key(organisation)
        for name, value in change.items():
            setattr(row, name, value)
        row.save()
        change["key"] = key

    codes = {name: explained(client.with_key(change["key"]).get("projects/"))[1] for name, change in changes.items()}
    guessed = changes["revoked"]["key"][:9] + "x" * 32
    assert codes == {"revoked": "revoked_api_key", "deleted": "revoked_api_key", "expired": "expired_api_key"}
    assert explained(client.with_key(guessed).get("projects/"))[1] == "unknown_api_key"


def test_objects_that_are_not_there_and_those_of_others_are_explained_alike(client: AdminClient) -> None:
    theirs = make_project()
    someone = client.as_user(make_user())

    of_others, of_nobody = someone.get(f"projects/{theirs.pk}/"), someone.get("projects/99999999/")

    assert of_others.whole == of_nobody.whole
    assert explained(of_others) == (404, "no_such_object")


def test_the_nearest_path_is_named_by_its_template(client: AdminClient) -> None:
    without_prefix = client.get("/environments/A2b3C4d5E6f7G8h9J2k3L4/api-keys/")
    misspelt = client.get("organisation/")

    assert explained(without_prefix) == (404, "missing_prefix")
    assert "/api/v1/environments/<api_key>/api-keys/" in without_prefix.whole["hint"]
    assert "A2b3C4d5" not in without_prefix.whole["hint"]
    assert "/api/v1/organisations/" in misspelt.whole["hint"]


def test_a_throttled_client_learns_the_rate_and_its_variable(client: AdminClient) -> None:
    anna = client.as_user(make_user())
    with rates(user_throttle_rate=Rate(1, 86_400)):
        anna.get("organisations/")
        refused = anna.get("organisations/")

    assert explained(refused) == (429, "throttled")
    assert (
        refused.whole["hint"] == "Wait 86400 s (Retry-After), then go on. The rate here is 1/day (USER_THROTTLE_RATE)."
    )


def test_bodies_and_limits(client: AdminClient) -> None:
    user = make_user()
    project = make_project(make_organisation(admin=user), max_features_allowed=0)
    api = client.as_user(user)
    features = f"projects/{project.pk}/features/"

    full = api.post(features, {"name": "one too many"})
    assert explained(full) == (400, "limit_reached")
    assert "max_features_allowed" in full.whole["hint"]
    assert explained(api.post(features, b"{")) == (400, "malformed_body")
    assert "name" in api.post("organisations/", {}).whole["hint"]
    assert explained(client.post("auth/login/", {"email": "x", "password": "y"})) == (400, "login_failed")
    assert explained(api.put("organisations/", {})) == (405, "method_not_allowed")
    assert explained(api.get("organisations/", Accept="text/html")) == (406, "not_acceptable")


def test_clients_that_accept_problems_get_them(client: AdminClient) -> None:
    refused = client.get("projects/", Accept="application/problem+json")
    served = client.as_user(make_user()).get("organisations/", Accept="application/problem+json")

    assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
    assert refused.json()["type"] == "/docs/http-errors/#missing_credentials"
    assert (served.status_code, served["Content-Type"]) == (200, "application/json")


def test_tables_of_an_older_version_are_told_from_other_failures(client: AdminClient) -> None:
    api = client.as_user(make_user())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vexil_organisation RENAME TO away")
        cursor.execute("UPDATE django_migrations SET name = 'x' || name WHERE app = 'vexil'")
    try:
        response = api.get("organisations/")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO vexil_organisation")
            cursor.execute("UPDATE django_migrations SET name = substr(name, 2) WHERE app = 'vexil'")

    assert (explained(response), response["Retry-After"]) == ((503, "migrations_pending"), "1")
