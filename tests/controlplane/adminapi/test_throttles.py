from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.factories import make_master_api_key, make_organisation, make_user
from vexil.rates import Rate


@contextmanager
def rates(**changes: Any) -> Iterator[None]:
    with override_settings(VEXIL=replace(settings.VEXIL, **changes)):
        yield


def statuses(client: AdminClient, count: int, path: str = "organisations/", **headers: str) -> list[int]:
    return [client.get(path, **headers).status_code for _ in range(count)]


def test_beyond_the_rate_of_a_user_the_answer_says_when_to_come_back(client: AdminClient) -> None:
    anna, ben = client.as_user(make_user()), client.as_user(make_user())
    with rates(user_throttle_rate=Rate(3, 86_400)):
        assert [*statuses(anna, 2), *statuses(anna, 1, "projects/")] == [200, 200, 200]
        refused = anna.post("organisations/", {"name": "too late"}, Origin="https://dashboard.example.com")
        others = statuses(ben, 3)

    assert (refused.status_code, refused.json(), refused["Retry-After"]) == (
        429,
        {"detail": "Request was throttled. Expected available in 86400 seconds."},
        "86400",
    )
    assert "Retry-After" in refused["Access-Control-Expose-Headers"]
    assert others == [200, 200, 200]


def test_an_organisation_key_has_a_bucket_of_its_own(client: AdminClient) -> None:
    organisation = make_organisation()
    keys = [client.with_key(make_master_api_key(organisation)[1]) for _ in range(2)]
    with rates(user_throttle_rate=Rate(1, 86_400), master_api_key_throttle_rate=Rate(2, 86_400)):
        assert [statuses(key, 3, "projects/") for key in keys] == [[200, 200, 429], [200, 200, 429]]


def test_without_valid_credentials_the_address_counts_before_the_401(client: AdminClient) -> None:
    def from_address(address: str, **headers: str) -> list[int]:
        return statuses(client, 1, X_Forwarded_For=f"203.0.113.99, {address}", **headers)

    with rates(user_throttle_rate=Rate(2, 86_400)):
        assert [*from_address("198.51.100.7"), *from_address("198.51.100.7", Authorization="Token wrong")] == [401, 401]
        assert from_address("198.51.100.7", Authorization="Token wrong too") == [429]
        assert from_address("198.51.100.8") == [401]
        assert statuses(client.as_user(make_user()), 1, X_Forwarded_For="198.51.100.7") == [200]


def test_trusting_no_proxy_the_header_is_no_way_around(client: AdminClient) -> None:
    with rates(user_throttle_rate=Rate(1, 86_400), num_proxies=0):
        answers = [client.get("organisations/", X_Forwarded_For=f"192.0.2.{number}").status_code for number in range(3)]

    assert answers[-2:] == [429, 429]


def test_log_ins_and_sign_ups_count_by_address_and_instead_of_the_general_rate(client: AdminClient) -> None:
    def tries(path: str, count: int) -> list[int]:
        return [client.post(path, {"email": "x"}, X_Forwarded_For="198.51.100.20").status_code for _ in range(count)]

    with rates(
        user_throttle_rate=Rate(1, 86_400), login_throttle_rate=Rate(3, 86_400), signup_throttle_rate=Rate(2, 86_400)
    ):
        assert tries("auth/login/", 4) == [400, 400, 400, 429]
        assert tries("auth/users/", 3) == [400, 400, 429]
        assert statuses(client, 2, X_Forwarded_For="198.51.100.20") == [401, 429]


def test_without_a_rate_nothing_is_counted(client: AdminClient) -> None:
    with rates(user_throttle_rate=None):
        assert set(statuses(client.as_user(make_user()), 20)) == {200}


def test_each_answer_tells_how_many_requests_are_left(client: AdminClient) -> None:
    def left(response: Any) -> tuple[str, str]:
        return response["X-RateLimit-Remaining"], response["X-RateLimit-Limit"]

    anna = client.as_user(make_user())
    with rates(user_throttle_rate=Rate(2, 86_400)):
        answers = [anna.get("organisations/") for _ in range(3)]

    assert [left(answer) for answer in answers] == [("1", "2"), ("0", "2"), ("0", "2")]
