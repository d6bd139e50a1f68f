"""The catalogue, and what can be told of a credential or a path from its form alone."""

import json
import re
from pathlib import Path

import pytest

from vexil.wire import credentials, errors, paths
from vexil.wire.errors import CATALOGUE, SECTIONS, Explanation, explain, problem, with_explanation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "http-errors.md"
CLIENT_KEY, API_KEY, TOKEN = "A2b3C4d5E6f7G8h9J2k3L4", "Ab3dEf9h." + "s" * 32, "0123456789" * 4


def test_codes_are_stable_names_and_each_stands_once() -> None:
    codes = [entry.code for entries in SECTIONS.values() for entry in entries]

    assert [code for code in codes if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code)] == []
    assert len(codes) == len(set(codes)) == len(CATALOGUE)


def test_every_code_has_its_section_where_answers_point() -> None:
    headings = re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert headings == list(CATALOGUE)
    assert explain("missing_credentials").docs == "/docs/http-errors/#missing_credentials"


def test_every_example_has_all_facts() -> None:
    assert [entry.code for entry in CATALOGUE.values() if "{" in errors.example(entry).hint] == []


def test_a_body_keeps_what_the_contract_says_in_a_field_of_that_name() -> None:
    explanation = Explanation("not_allowed", "Do it.")

    assert with_explanation({"code": ["Code invalid or expired."]}, explanation) == {
        "code": ["Code invalid or expired."],
        "hint": "Do it.",
        "docs": "/docs/http-errors/#not_allowed",
    }
    assert with_explanation(["a list"], explanation) == ["a list"]


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    explanation = Explanation("invalid_fields", "Mend what the answer names: name.")

    assert problem(400, {"name": ["This field is required."]}, explanation) == {
        "type": "/docs/http-errors/#invalid_fields",
        "title": "Invalid fields",
        "status": 400,
        "detail": "Bad Request",
        "code": "invalid_fields",
        "hint": "Mend what the answer names: name.",
        "docs": "/docs/http-errors/#invalid_fields",
        "errors": {"name": ["This field is required."]},
    }
    assert "errors" not in problem(404, {"detail": "Not found."}, explanation)


@pytest.mark.parametrize(
    ("key", "code", "named"),
    [
        (CLIENT_KEY, "unknown_environment_key", "flags.test"),
        (f"ser.{CLIENT_KEY}", "unknown_environment_key", "region"),
        (CLIENT_KEY[:20], "malformed_environment_key", "cut off"),
        (f"ser.{CLIENT_KEY[:9]}", "malformed_environment_key", "9 characters after ser."),
        (CLIENT_KEY * 2, "malformed_environment_key", "copied with something else"),
        (f'"{CLIENT_KEY}"', "malformed_environment_key", "quotation marks"),
        (f"{CLIENT_KEY[:11]} {CLIENT_KEY[11:]}", "malformed_environment_key", "blanks"),
        ("undefined", "malformed_environment_key", "variable"),
        ("<your-environment-key>", "malformed_environment_key", "placeholder"),
        ("${FLAGSMITH_KEY}", "malformed_environment_key", "placeholder"),
        (API_KEY, "wrong_header", "Admin API"),
        (TOKEN, "wrong_header", "Admin API"),
        (f"Api-Key {API_KEY}", "wrong_header", "Admin API"),
    ],
)
def test_what_is_wrong_with_an_environment_key(key: str, code: str, named: str) -> None:
    explanation = credentials.unknown_environment_key(key, "flags.test")

    assert explanation.code == code
    assert named in explanation.hint
    assert key.strip('"') not in explanation.hint or key == "undefined"


@pytest.mark.parametrize(
    ("authorization", "environment_key", "code", "named"),
    [
        (None, None, "missing_credentials", "Authorization"),
        (None, CLIENT_KEY, "wrong_header", "X-Environment-Key"),
        (f"api-key {API_KEY}", None, "unknown_scheme", "spells Api-Key"),
        ("Api-Key", None, "unknown_scheme", "nothing after"),
        (API_KEY, None, "unknown_scheme", "no word before"),
        ("Basic YTpi", None, "unknown_scheme", "no scheme"),
        ("Bearer abc", CLIENT_KEY, "unknown_scheme", "Bearer"),
    ],
)
def test_why_a_request_counts_as_without_credentials(
    authorization: str | None, environment_key: str | None, code: str, named: str
) -> None:
    explanation = credentials.absent_credentials(authorization, environment_key)

    assert (explanation.code, named in explanation.hint) == (code, True)


@pytest.mark.parametrize(
    ("of_token", "value", "code"),
    [
        (False, API_KEY, "unknown_api_key"),
        (False, API_KEY[:-1], "malformed_credential"),
        (False, f"'{API_KEY}'", "malformed_credential"),
        (False, TOKEN, "wrong_scheme"),
        (False, CLIENT_KEY, "malformed_credential"),
        (True, TOKEN, "invalid_user_token"),
        (True, API_KEY, "wrong_scheme"),
        (True, TOKEN[:-2], "malformed_credential"),
        (True, "", "malformed_credential"),
        (True, f"{TOKEN} {TOKEN}", "malformed_credential"),
    ],
)
def test_what_is_wrong_with_an_admin_credential(of_token: bool, value: str, code: str) -> None:
    explain_it = credentials.refused_token if of_token else credentials.refused_api_key

    explanation = explain_it(value)

    assert explanation.code == code
    assert not value or value not in explanation.hint


@pytest.mark.parametrize(
    ("path", "code", "nearest"),
    [
        ("/flags/", "missing_prefix", "/api/v1/flags/"),
        ("/v1/flags", "missing_prefix", "/api/v1/flags/"),
        ("/api/identities/", "missing_prefix", "/api/v1/identities/"),
        ("/api/v1/flags", "missing_slash", "/api/v1/flags/"),
        ("/api/v1//flags/", "unknown_path", "/api/v1/flags/"),
        ("/API/V1/Flags/", "unknown_path", "/api/v1/flags/"),
        ("/api/v1/identites/", "unknown_path", "/api/v1/identities/"),
    ],
)
def test_the_nearest_path_is_named(path: str, code: str, nearest: str) -> None:
    explanation = paths.explain_unknown(path, paths.of_flags_api)

    assert (explanation.code, f"Did you mean {nearest}" in explanation.hint) == (code, True)


def test_a_path_is_never_repeated() -> None:
    secret = "/api/v1/ser.A2b3C4d5E6f7G8h9J2k3L4/" + "x" * 5000

    assert "ser." not in json.dumps(paths.explain_unknown(secret, paths.of_flags_api))
