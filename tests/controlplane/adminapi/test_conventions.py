"""Credentials, bodies and error answers that all endpoints share."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.controlplane.client import AdminClient
from tests.factories import make_environment, make_master_api_key, make_organisation, make_user
from vexil.controlplane.adminapi import openapi_operations
from vexil.controlplane.adminapi.options import Metadata
from vexil.wire import json_text

PROVIDED = {"detail": "Authentication credentials were not provided."}
NO_KEY = {"detail": "Valid Master API Key not found."}


@pytest.mark.parametrize(
    ("authorization", "body"),
    [
        (None, PROVIDED),
        ("Bearer nonsense", PROVIDED),
        ("Basic YTpi", PROVIDED),
        ("Api-Key", PROVIDED),
        ("Api-Key ", PROVIDED),
        ("api-key abcdefgh.0123456789", PROVIDED),
        ("Api-Key abcdefgh.0123456789", NO_KEY),
        ("Api-Key abcdefgh", NO_KEY),
        ("Token 0000", {"detail": "Invalid token."}),
        ("Token", {"detail": "Invalid token header. No credentials provided."}),
        ("Token a b", {"detail": "Invalid token header. Token string should not contain spaces."}),
    ],
)
def test_without_a_valid_credential_the_answer_is_401(
    client: AdminClient, authorization: str | None, body: dict[str, str]
) -> None:
    response = client.get("projects/", **({"Authorization": authorization} if authorization else {}))

    assert (response.status_code, response.json()) == (401, body)
    assert response["WWW-Authenticate"] == 'Cookie realm="api"'


def test_an_environment_key_alone_is_403_at_the_admin_api(client: AdminClient) -> None:
    response = client.get("projects/", X_Environment_Key="anything")

    assert (response.status_code, response.json()) == (403, PROVIDED)
    assert not response.has_header("WWW-Authenticate")


def test_the_word_token_counts_in_any_case(client: AdminClient) -> None:
    user = make_user()
    token = client.as_user(user)._headers["Authorization"].split()[1]

    assert client.get("projects/", Authorization=f"tOKEN {token}").status_code == 200


def test_a_key_opens_its_organisation(client: AdminClient) -> None:
    organisation = make_organisation()
    _, text = make_master_api_key(organisation)

    assert client.with_key(text).get(f"organisations/{organisation.pk}/").json()["name"] == organisation.name


@pytest.mark.parametrize(
    "changes",
    [
        {"revoked": True},
        {"expiry_date": timezone.now() - timedelta(seconds=1)},
        {"deleted_at": timezone.now()},
    ],
)
def test_a_revoked_expired_or_deleted_key_fails_at_once(client: AdminClient, changes: dict[str, Any]) -> None:
    key, text = make_master_api_key(make_organisation())
    before = client.with_key(text).get("projects/").status_code
    for name, value in changes.items():
        setattr(key, name, value)
    key.save()

    response = client.with_key(text).get("projects/")

    assert (before, response.status_code, response.json()) == (200, 401, NO_KEY)


def test_a_key_with_the_right_prefix_and_a_wrong_secret_fails(client: AdminClient) -> None:
    key, _ = make_master_api_key(make_organisation())

    assert client.with_key(f"{key.prefix}.{'0' * 32}").get("projects/").json() == NO_KEY


def test_a_key_of_a_deleted_organisation_fails(client: AdminClient) -> None:
    organisation = make_organisation(deleted_at=timezone.now())

    assert client.with_key(make_master_api_key(organisation)[1]).get("projects/").json() == NO_KEY


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"[]", {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        (b'"x"', {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        (b"null", {"non_field_errors": ["No data provided"]}),
        (b"", {"name": ["This field is required."]}),
        (b'{"name": NaN}', {"detail": "JSON parse error - Out of range float values are not JSON compliant: 'NaN'"}),
        (
            b'{"name": 1e999}',
            {"detail": "JSON parse error - Out of range float values are not JSON compliant: '1e999'"},
        ),
        (b"[" * 100_000, {"detail": "JSON parse error - nested too deeply"}),
        (b'{"name": "a\\u0000b"}', {"name": ["Null characters are not allowed."]}),
        (b'{"name": "\\ud800"}', {"name": ["Surrogate characters are not allowed: U+D800."]}),
        (b'{"name": ["x"]}', {"name": ["Not a valid string."]}),
        (b'{"name": true}', {"name": ["Not a valid string."]}),
        (b'{"name": null}', {"name": ["This field may not be null."]}),
        (b'{"name": ""}', {"name": ["This field may not be blank."]}),
        (json.dumps({"name": "x" * 2001}).encode(), {"name": ["Ensure this field has no more than 2000 characters."]}),
    ],
)
def test_a_bad_body_is_400_and_writes_nothing(client: AdminClient, body: bytes, answer: dict[str, Any]) -> None:
    caller = client.as_user(make_user())

    response = caller.post("organisations/", body)

    assert (response.status_code, response.json()) == (400, answer)
    assert caller.get("organisations/").json()["count"] == 0


@pytest.mark.parametrize("body", [b"{", b'{"name": "\xff"}', b"\xff\xfe", b'{"name": "x"', b"9" * 5000])
def test_what_is_no_json_is_a_parse_error(client: AdminClient, body: bytes) -> None:
    response = client.as_user(make_user()).post("organisations/", body)

    assert response.status_code == 400
    assert response.json()["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize("charset", ["rot13", "base64", "utf-16"])
def test_a_charset_that_is_no_text_is_a_parse_error(client: AdminClient, charset: str) -> None:
    response = client.as_user(make_user()).post(
        "organisations/", b'{"name":"x"}', Content_Type=f"application/json; charset={charset}"
    )

    assert response.status_code == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_other_media_types_are_415(client: AdminClient, content_type: str) -> None:
    response = client.as_user(make_user()).post("organisations/", b'{"name": "x"}', Content_Type=content_type)

    assert (response.status_code, response.json()) == (
        415,
        {"detail": f'Unsupported media type "{content_type}" in request.'},
    )


def test_forms_are_taken_as_well(client: AdminClient) -> None:
    response = client.as_user(make_user()).post(
        "organisations/", b"name=By+form", Content_Type="application/x-www-form-urlencoded"
    )

    assert (response.status_code, response.json()["name"]) == (201, "By form")


def test_an_answer_that_is_no_json_cannot_be_had(client: AdminClient) -> None:
    caller = client.as_user(make_user())

    assert caller.get("organisations/", Accept="text/html").json() == {
        "detail": "Could not satisfy the request Accept header."
    }
    assert caller.get("organisations/", Accept="text/html, */*").status_code == 200


def test_json_is_compact_and_ascii(client: AdminClient) -> None:
    response = client.as_user(make_user()).post("organisations/", {"name": "Größe"})

    assert b'"name":"Gr\\u00f6\\u00dfe"' in response.content


@pytest.mark.parametrize("page", ["2", "0", "abc", "last", "-1"])
def test_a_page_that_is_not_there_is_404(client: AdminClient, page: str) -> None:
    response = client.as_user(make_user()).get(f"organisations/?page={page}")

    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


def test_a_wrong_method_is_405_and_named(client: AdminClient) -> None:
    response = client.as_user(make_user()).send("BREW", "organisations/")

    assert (response.status_code, response.json()) == (405, {"detail": 'Method "BREW" not allowed.'})
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_options_describes_what_a_path_takes(client: AdminClient) -> None:
    environment = make_environment()
    caller = client.with_key(make_master_api_key(environment.project.organisation)[1])

    told = caller.send("OPTIONS", f"environments/{environment.api_key}/").json()

    assert sorted(told) == ["actions", "description", "name", "parses", "renders"]
    assert told["actions"]["PUT"]["name"] == {
        "type": "string",
        "required": True,
        "read_only": False,
        "label": "Name",
        "max_length": 2000,
    }


def test_options_can_describe_every_form() -> None:
    forms = [body for body in openapi_operations.BODIES.values() if isinstance(body, type)]

    described = [Metadata().get_serializer_info(form()) for form in forms]

    assert len(described) > 30
    assert json_text.dumps(described)


def test_a_failure_of_ours_is_json_too(client: AdminClient) -> None:
    environment = make_environment()
    caller = client.with_key(make_master_api_key(environment.project.organisation)[1])
    environment.project.organisation.subscription.delete()

    response = caller.get("organisations/")

    assert (response.status_code, response.json()) == (500, {"detail": "Internal server error."})
