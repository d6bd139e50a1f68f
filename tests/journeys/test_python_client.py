"""The real PyPI client gets the right flags, remotely and locally, and sees a change."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flagsmith.analytics
import httpx
import pytest
from flagsmith import Flagsmith
from flagsmith.models import Flags

from tests.journeys.shop import VISITORS, Shop


@contextmanager
def client(shop: Shop, *, local: bool = False, **options: Any) -> Iterator[Flagsmith]:
    key = shop.admin.server_key if local else shop.admin.client_key
    options = {"enable_local_evaluation": local, "environment_refresh_interval_seconds": 0.2, **options}
    made = Flagsmith(environment_key=key, api_url=str(shop.admin.client.base_url), **options)
    try:
        yield made
    finally:
        made.session.close()
        if local:
            made.environment_data_polling_manager_thread.stop()
            made.environment_data_polling_manager_thread.join(5)


def shown(flags: Flags) -> dict[str, list[Any]]:
    return {flag.feature_name: [flag.enabled, flag.value] for flag in flags.all_flags()}


@pytest.mark.parametrize("local", [False, True])
def test_environment_flags_are_the_defaults(shop: Shop, local: bool) -> None:
    with client(shop, local=local) as real:
        assert shown(real.get_environment_flags()) == shop.defaults()


@pytest.mark.parametrize("local", [False, True])
def test_every_visitor_gets_the_flags_worked_out_independently(shop: Shop, local: bool) -> None:
    wanted = {visitor.identifier: shop.expected(visitor) for visitor in VISITORS}

    with client(shop, local=local) as real:
        got = {v.identifier: shown(real.get_identity_flags(v.identifier, v.traits)) for v in VISITORS}

    assert got == wanted


def test_stored_traits_count_when_a_visitor_comes_back_without_them(shop: Shop) -> None:
    with client(shop) as real:
        real.get_identity_flags("comes-back", {"plan": "pro", "age": 30})

        assert real.get_identity_flags("comes-back").get_feature_value("banner") == "hello pro"


def test_transient_traits_count_once_and_are_not_stored(shop: Shop) -> None:
    traits = {"plan": {"value": "pro", "transient": True}, "age": {"value": 30, "transient": True}}

    with client(shop) as real:
        with_traits = real.get_identity_flags("passing", traits).get_feature_value("banner")
        without = real.get_identity_flags("passing").get_feature_value("banner")

    assert (with_traits, without) == ("hello pro", "hello")


@pytest.mark.parametrize("local", [False, True])
def test_a_change_over_the_admin_api_is_seen(shop: Shop, local: bool) -> None:
    with client(shop, local=local) as real:
        before = real.get_environment_flags().get_feature_value("banner")

        shop.set_banner("good day")

        give_up_at = time.monotonic() + 10
        while (
            after := real.get_environment_flags().get_feature_value("banner")
        ) == before and time.monotonic() < give_up_at:
            time.sleep(0.05)
    shop.set_banner("hello")
    assert (before, after) == ("hello", "good day")


def test_analytics_are_accepted(shop: Shop) -> None:
    answers: list[int] = []
    session = flagsmith.analytics.session
    session.hooks["response"].append(lambda answer, **_: answers.append(answer.status_code))

    with client(shop, enable_analytics=True) as real:
        real.get_environment_flags().is_feature_enabled("banner")
        real._analytics_processor.flush()
        give_up_at = time.monotonic() + 10
        while not answers and time.monotonic() < give_up_at:
            time.sleep(0.02)
    session.hooks["response"].clear()
    for adapter in session.adapters.values():
        adapter.close()

    assert answers == [200]


def test_a_wrong_key_is_refused_with_the_reason(shop: Shop) -> None:
    answer = httpx.get(f"{shop.admin.client.base_url}flags/", headers={"X-Environment-Key": "nosuchkey"})

    assert (answer.status_code, answer.json()["detail"]) == (401, "Invalid or missing Environment Key")
