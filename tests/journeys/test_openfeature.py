"""The real OpenFeature client gets the flags over its own protocol."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from tests.journeys import node
from tests.journeys.shop import VISITORS, Shop


def root(shop: Shop) -> str:
    return str(shop.admin.client.base_url).removesuffix("/api/v1/")


@pytest.fixture(params=["X-Environment-Key", "Authorization"])
def client(shop: Shop, request: pytest.FixtureRequest) -> Iterator[OpenFeatureClient]:
    key = shop.admin.client_key
    headers = {request.param: f"Bearer {key}" if request.param == "Authorization" else key}
    provider = OFREPProvider(root(shop), headers_factory=lambda: headers)
    api.set_provider(provider, "shop")
    yield api.get_client("shop")
    provider.session.close()
    api.clear_providers()


def test_every_visitor_gets_the_flags_worked_out_independently(shop: Shop, client: OpenFeatureClient) -> None:
    names = ("banner", "checkout")
    wanted = {visitor.identifier: {name: shop.expected(visitor)[name][1] for name in names} for visitor in VISITORS}

    got = {
        visitor.identifier: {
            name: client.get_string_value(name, "none", EvaluationContext(visitor.identifier, visitor.traits))
            for name in names
        }
        for visitor in VISITORS
    }

    assert got == wanted


def test_a_flag_that_is_off_leaves_the_default_of_the_code(client: OpenFeatureClient) -> None:
    details = client.get_string_details("search", "mine", EvaluationContext("nobody-in-the-third"))

    assert (details.value, details.reason) in [("mine", Reason.DISABLED), ("new", Reason.TARGETING_MATCH)]
    assert client.get_boolean_details("retired", True, EvaluationContext("kim")).value is False


def test_errors_are_those_of_the_protocol(client: OpenFeatureClient) -> None:
    unknown = client.get_string_details("nosuch", "mine", EvaluationContext("kim"))
    without_key = client.get_string_details("checkout", "mine")
    of_wrong_type = client.get_integer_details("banner", 5, EvaluationContext("kim"))

    assert (unknown.value, unknown.error_code) == ("mine", ErrorCode.FLAG_NOT_FOUND)
    assert (without_key.value, without_key.error_code) == ("mine", ErrorCode.TARGETING_KEY_MISSING)
    assert (of_wrong_type.value, of_wrong_type.error_code) == (5, ErrorCode.TYPE_MISMATCH)


def test_an_unchanged_answer_is_not_sent_again(shop: Shop) -> None:
    url, key = f"{root(shop)}/ofrep/v1/evaluate/flags", {"X-Environment-Key": shop.admin.client_key}
    first = httpx.post(url, json={"context": {"targetingKey": "kim"}}, headers=key)

    again = httpx.post(
        url, json={"context": {"targetingKey": "kim"}}, headers=key | {"If-None-Match": first.headers["etag"]}
    )

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_the_client_for_node_gets_the_same_flags_and_errors(shop: Shop, tmp_path: Path) -> None:
    names = ("banner", "checkout")
    wanted = {visitor.identifier: {name: shop.expected(visitor)[name][1] for name in names} for visitor in VISITORS}
    api_url = str(shop.admin.client.base_url)

    with node.client("openfeature-ofrep.mjs", tmp_path, api_url=api_url, key=shop.admin.client_key) as client:
        got = client.answer()

    assert got == {
        "identities": wanted,
        "off": [False, "DISABLED"],
        "errors": [["mine", "FLAG_NOT_FOUND"], ["mine", "TARGETING_KEY_MISSING"], [5, "TYPE_MISMATCH"]],
    }
