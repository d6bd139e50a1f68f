"""A running server answers as `/api/v1/swagger.json` says, to good requests and to bad ones, and never with a 5xx."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.journeys.admin import Admin
from tests.journeys.running import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ASKS_OTHERS = r"oauth/(google|github)|integrations/(slack|github|gitlab)|/(github|gitlab)/|webhooks/test"
"""Operations that send requests to servers of somebody else."""
ENDS_IT = {
    ("DELETE", "/api/v1/auth/token/"),
    ("DELETE", "/api/v1/auth/users/me/"),
    ("POST", "/api/v1/auth/logout/"),
    ("POST", "/api/v1/auth/users/set_password/"),
}
"""After these the caller would be a stranger."""
EXAMPLES = 2


def places(admin: Admin) -> dict[str, Any]:
    """Somebody with one of most things, and their ids as parameters of paths have them."""
    key, project, organisation = admin.client_key, admin.project["id"], admin.organisation["id"]
    feature, segment = admin.create_feature("described", "x"), admin.create_segment("s", ("IS_SET", "plan", None))
    identity = admin.create_identity("kim")
    return {
        **dict.fromkeys(("organisation", "organisation_id"), organisation),
        "project_id": project,
        **dict.fromkeys(("environment_key", "api_key"), key),
        "environment_id": admin.environment["id"],
        "feature_id": feature,
        "segment_id": segment,
        "state_id": admin.default_state(feature),
        "option_id": admin.add_option(feature, "red", 10),
        "identity_id": identity,
        "group_id": admin.post(f"organisations/{organisation}/groups/", {"name": "Ops"})["id"],
        "tag_id": admin.post(f"projects/{project}/tags/", {"label": "beta"})["id"],
        "key_id": admin.get(f"environments/{key}/api-keys/")[0]["id"],
        "uuid": admin.project["uuid"],
    }


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
@pytest.mark.timeout(600)
def test_answers_are_as_described(server: Server, admin: Admin) -> None:
    schema = schemathesis.openapi.from_url(f"{server.api_url}swagger.json").exclude(path_regex=ASKS_OTHERS)
    operations = [result.ok() for result in schema.get_all_operations()]
    # Last what takes things away from the others.
    operations.sort(key=lambda operation: operation.method.upper() == "DELETE")
    known, faults = places(admin), []

    for operation in operations:
        name = (operation.method.upper(), operation.path)
        if name in ENDS_IT:
            continue
        # Without a body that is described, no request is a bad one.
        modes = list(schemathesis.GenerationMode) if _has_body(operation) else [schemathesis.GenerationMode.POSITIVE]
        for mode in modes:
            try:
                _check(operation, mode, known, admin)
            except Unsatisfiable:
                continue  # anything is a good body here
            except BaseExceptionGroup as error:
                faults.append((*name, "\n".join(str(one) for one in error.exceptions)[:2000], str(error)[-300:]))
            except Exception as error:
                faults.append((*name, str(error)[:2000]))

    assert faults == [], "\n\n".join(" ".join(fault) for fault in faults)


def _has_body(operation: Any) -> bool:
    return any(True for _ in operation.body)


def _check(operation: Any, mode: Any, known: dict[str, Any], admin: Admin) -> None:
    """Good requests are about what is there; bad ones, and deletions, about anything."""
    is_about_known = mode == schemathesis.GenerationMode.POSITIVE and operation.method.upper() != "DELETE"

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        if is_about_known:
            named = {name: value for name, value in known.items() if name in case.path_parameters}
            case.path_parameters = {**case.path_parameters, **named}
        answer = case.call(
            base_url=str(admin.client.base_url).partition("/api/")[0],
            headers={"Authorization": admin.client.headers["Authorization"]},
            timeout=30,
        )
        # Some refusals come without a body, as the reference's do.
        case.validate_response(answer, checks=CHECKS if answer.content else CHECKS[:2])

    send()
