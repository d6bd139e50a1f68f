"""A running server answers as `docs/flags-api.openapi.yaml` says, to good requests and to bad ones."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.journeys.shop import Shop

FILE = Path(__file__).resolve().parents[2] / "docs" / "flags-api.openapi.yaml"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    positive_data_acceptance,
]

# A stream never ends; tests/dataplane/test_streams.py has its answers.
schema = schemathesis.openapi.from_path(FILE).exclude(path_regex="^/sse/")


@schema.parametrize()
@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_described(case: schemathesis.Case, shop: Shop) -> None:
    # What an increment comes to depends on what is stored.
    is_stateful = case.operation.path.endswith("/increment-value/")
    case.call_and_validate(
        base_url=str(shop.admin.client.base_url).removesuffix("/api/v1/"),
        headers={"X-Environment-Key": shop.admin.server_key},
        checks=CHECKS,
        excluded_checks=[positive_data_acceptance] if is_stateful else [],
        timeout=20,
    )
