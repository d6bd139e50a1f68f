"""The project that everything is measured on, created over the Admin API and the Flags API."""

from dataclasses import dataclass

import httpx

from tests.journeys.admin import Admin

FLAGS, MULTIVARIATE, SEGMENTS, OVERRIDES, IDENTITIES = 100, 10, 50, 30, 200


@dataclass(frozen=True)
class Project:
    client_key: str
    server_key: str
    bodies: list[dict[str, object]]
    """One POST /identities/ body for each stored identity, with the traits that it has."""
    token: str
    toggled_feature: str
    toggled_state: int


def seed(api_url: str) -> Project:
    admin = Admin(api_url)
    admin.create_project("Bench")
    features = [admin.create_feature(f"flag_{n:03}", f"value of flag {n}", enabled=n % 2 == 0) for n in range(FLAGS)]
    for feature in features[:MULTIVARIATE]:
        for share, key in ((30, "one"), (20, "two")):
            admin.add_option(feature, f"variant {key}", share, key)
    segments = [admin.create_segment(f"segment_{n:02}", *_conditions(n)) for n in range(SEGMENTS)]
    for feature, segment in zip(features[-OVERRIDES:], segments, strict=False):
        admin.override_for_segment(feature, segment, "overridden")
    bodies = [_body(n) for n in range(IDENTITIES)]
    for body in bodies:
        httpx.post(
            f"{api_url}identities/", json=body, headers={"X-Environment-Key": admin.client_key}
        ).raise_for_status()
    return Project(
        admin.client_key,
        admin.server_key,
        bodies,
        admin.client.headers["Authorization"],
        "flag_050",
        admin.default_state(features[50]),
    )


def seed_small(api_url: str) -> Project:
    """One flag and nothing else."""
    admin = Admin(api_url)
    admin.create_project("Bench")
    state = admin.default_state(admin.create_feature("flag"))
    return Project(admin.client_key, admin.server_key, [], admin.client.headers["Authorization"], "flag", state)


def _conditions(number: int) -> list[tuple[str, str | None, str | None]]:
    """Two conditions each, of the kinds that people use."""
    kinds = [
        [("EQUAL", "plan", "pro"), ("GREATER_THAN", "age", str(number))],
        [("IN", "country", "DE,FR,NL"), ("NOT_EQUAL", "plan", "free")],
        [("PERCENTAGE_SPLIT", None, str(number * 2)), ("IS_SET", "age", None)],
        [("CONTAINS", "email", "@example.com"), ("LESS_THAN", "age", str(20 + number))],
        [("REGEX", "email", "^user[0-4]"), ("EQUAL", "beta", "true")],
    ]
    return kinds[number % len(kinds)]


def _body(number: int) -> dict[str, object]:
    traits: dict[str, object] = {
        "plan": "pro" if number % 3 == 0 else "free",
        "age": 18 + number % 50,
        "country": ("DE", "US", "FR", "JP")[number % 4],
        "email": f"user{number}@example.com",
        "beta": number % 5 == 0,
    }
    return {
        "identifier": f"user-{number}",
        "traits": [{"trait_key": key, "trait_value": value} for key, value in traits.items()],
    }
