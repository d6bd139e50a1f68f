import pytest

from vexil.wire.hosts import host_allowed

ALLOWED = ("example.com", ".example.org", "[::1]")


@pytest.mark.parametrize(
    "host", ["example.com", "EXAMPLE.com:8443", "example.org", "a.b.example.org", "[::1]", "[::1]:8000", "example.com."]
)
def test_listed_hosts_are_allowed_whatever_port_and_case(host: str) -> None:
    assert host_allowed(host, ALLOWED)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "sub.example.com",
        "notexample.org",
        "example.com:80a",
        "example.com@evil",
        "[::1",
        "[::1]x",
        "example.com:1:2",
        "evil.com",
        "example.com/x",
    ],
)
def test_other_and_malformed_hosts_are_refused(host: str) -> None:
    assert not host_allowed(host, ALLOWED)


def test_star_allows_every_host_and_an_empty_list_none() -> None:
    assert host_allowed("anything.test", ["*"])
    assert not host_allowed("localhost", [])
