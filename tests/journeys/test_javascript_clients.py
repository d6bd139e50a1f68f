"""The real npm clients get the right flags, and see a change."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys import node
from tests.journeys.shop import VISITORS, Shop


def wanted(shop: Shop, *, banner: str = "hello") -> dict[str, Any]:
    environment = shop.defaults() | {"banner": [True, banner]}
    identities = {}
    for visitor in VISITORS:
        flags = shop.expected(visitor)
        if flags["banner"] == [True, "hello"]:
            flags["banner"] = [True, banner]
        identities[visitor.identifier] = flags
    return {"environment": environment, "identities": identities}


@pytest.mark.parametrize(
    ("script", "local"), [("flagsmith-nodejs.mjs", False), ("flagsmith-nodejs.mjs", True), ("flagsmith.mjs", False)]
)
def test_client_gets_the_right_flags_and_sees_a_change(shop: Shop, tmp_path: Path, script: str, local: bool) -> None:
    api_url = str(shop.admin.client.base_url)
    key = shop.admin.server_key if local else shop.admin.client_key

    with node.client(script, tmp_path, api_url=api_url, key=key, local=local) as client:
        before = client.answer()
        shop.set_banner("good day")
        after = client.answer_again()

    shop.set_banner("hello")
    assert before == wanted(shop)
    assert after == wanted(shop, banner="good day")


def test_listening_client_sees_a_change_by_polling(shop: Shop, tmp_path: Path) -> None:
    api_url = str(shop.admin.client.base_url)

    with node.client("flagsmith-polling.mjs", tmp_path, api_url=api_url, key=shop.admin.client_key) as client:
        before = client.answer()
        shop.set_banner("good day")
        after = client.answer()

    shop.set_banner("hello")
    assert (before, after) == ("hello", "good day")
