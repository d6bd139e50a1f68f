"""The project of the client journeys, and what each identity must get, worked out apart from Vexil."""

import time
from dataclasses import dataclass
from typing import Any

from tests.journeys import hashing
from tests.journeys.admin import Admin

Flags = dict[str, list[Any]]
"""Name → [enabled, value]."""

SEEN_SECONDS = 2.0
SPLIT_PERCENT = 30.0
VARIANTS = (("one page", 30.0, "one"), ("three pages", 20.0, "three"))


@dataclass(frozen=True)
class Visitor:
    identifier: str
    traits: dict[str, Any]


VISITORS = [Visitor("alice", {"plan": "pro", "age": 41}), Visitor("bob", {})] + [
    Visitor(f"user-{n}", {"plan": "pro" if n % 2 else "free", "age": n}) for n in range(40)
]


@dataclass(frozen=True)
class Shop:
    admin: Admin
    banner: int
    split_segment: int
    checkout_seed: str

    def expected(self, visitor: Visitor) -> Flags:
        key = f"{self.admin.client_key}_{visitor.identifier}"
        in_split = hashing.share(self.split_segment, key) <= SPLIT_PERCENT
        return {
            "banner": [True, self._banner(visitor)],
            "checkout": [True, self._variant(key)],
            "retired": [False, None],
            "search": [True, "new"] if in_split else [False, "old"],
        }

    def defaults(self) -> Flags:
        return {
            "banner": [True, "hello"],
            "checkout": [True, "classic"],
            "retired": [False, None],
            "search": [False, "old"],
        }

    def set_banner(self, value: str) -> None:
        """Change the default, and wait until the server's worker gives it."""
        self.admin.change(self.admin.default_state(self.banner), feature_state_value=value)
        self._wait_until("flags/?feature=banner", value)

    def wait_for_the_last_change(self) -> None:
        self._wait_until("identities/?identifier=alice&feature=banner", "hello alice")

    def _wait_until(self, path: str, value: str) -> None:
        give_up_at = time.monotonic() + SEEN_SECONDS
        key = {"X-Environment-Key": self.admin.client_key}
        while self.admin.client.get(path, headers=key).json()["feature_state_value"] != value:
            assert time.monotonic() < give_up_at, f"{value!r} is not seen at {path}"
            time.sleep(0.01)

    def _banner(self, visitor: Visitor) -> str:
        if visitor.identifier == "alice":
            return "hello alice"
        return "hello pro" if visitor.traits.get("plan") == "pro" and visitor.traits["age"] >= 18 else "hello"

    def _variant(self, key: str) -> str:
        share, limit = hashing.share(self.checkout_seed, key), 0.0
        for value, percentage, _ in VARIANTS:
            limit += percentage
            if share < limit:
                return value
        return "classic"


def build(admin: Admin) -> Shop:
    """Create everything over the Admin API."""
    admin.create_project()
    banner = admin.create_feature("banner", "hello", enabled=True)
    checkout = admin.create_feature("checkout", "classic", enabled=True)
    admin.create_feature("retired")
    search = admin.create_feature("search", "old")
    for value, percentage, key in VARIANTS:
        admin.add_option(checkout, value, percentage, key)
    grown_pros = admin.create_segment("grown_pros", ("EQUAL", "plan", "pro"), ("GREATER_THAN_INCLUSIVE", "age", "18"))
    split = admin.create_segment("a_third", ("PERCENTAGE_SPLIT", None, str(SPLIT_PERCENT)))
    admin.override_for_segment(banner, grown_pros, "hello pro")
    admin.override_for_segment(search, split, "new")
    admin.override_for_identity(banner, admin.create_identity("alice"), "hello alice")
    shop = Shop(admin, banner, split, _seed(admin, "checkout"))
    shop.wait_for_the_last_change()
    return shop


def _seed(admin: Admin, feature: str) -> str:
    """The hashing seed of a feature's default, which only the environment document tells."""
    answer = admin.client.get("environment-document/", headers={"X-Environment-Key": admin.server_key})
    states = {state["feature"]["name"]: state for state in answer.json()["feature_states"]}
    return str(states[feature]["django_id"])
