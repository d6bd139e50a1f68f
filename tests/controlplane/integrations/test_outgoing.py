"""Requests to URLs that people typed."""

import socket
import threading
from typing import Any

import pytest

from tests.controlplane.receivers import receiver
from tests.databases import free_port
from vexil.controlplane.integrations import addresses, outgoing
from vexil.controlplane.integrations.addresses import InternalAddress
from vexil.controlplane.integrations.outgoing import Answer, Unreachable

INTERNAL = (
    "http://localhost/",
    "http://printer.local/",
    "http://127.0.0.1:9/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest",
    "http://192.168.1.1/",
    "http://224.0.0.1/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
)


@pytest.fixture(autouse=True)
def empty_tables() -> None:
    """Nothing here has tables."""


@pytest.mark.parametrize("url", INTERNAL)
def test_an_internal_address_is_refused_when_it_is_saved_and_when_it_is_called(url: str) -> None:
    with pytest.raises(InternalAddress):
        outgoing.check(url, allow_internal=False)
    with pytest.raises(Unreachable, match="internal or private"):
        outgoing.post(url, b"", {}, allow_internal=False)


def test_a_public_address_may_be_saved() -> None:
    outgoing.check("https://8.8.8.8/hook", allow_internal=False)


def test_one_internal_address_of_a_name_is_enough_to_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "8.8.8.8", "10.0.0.1")

    with pytest.raises(InternalAddress):
        addresses.resolve("both.example", 80, allow_internal=False)


def test_a_name_that_leads_inside_only_later_is_refused_at_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "8.8.8.8")
    outgoing.check("http://turncoat.example/", allow_internal=False)
    resolve_to(monkeypatch, "127.0.0.1")

    with receiver() as kept, pytest.raises(Unreachable, match="internal or private"):
        outgoing.post(kept.url.replace("127.0.0.1", "turncoat.example"), b"{}", {}, allow_internal=False)
    assert kept.bodies == []


def test_a_name_is_looked_up_once_and_called_there(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups = resolve_to(monkeypatch, "127.0.0.1")

    with receiver() as kept:
        url = kept.url.replace("127.0.0.1", "pinned.example")
        answer = outgoing.post(url, b"{}", {"X-Kept": "1"}, allow_internal=True)

    assert (answer, lookups) == (Answer(200, "fine"), ["pinned.example"])
    assert kept.headers[0]["host"].startswith("pinned.example:")


def test_redirects_are_answers_and_not_followed() -> None:
    with receiver() as kept:
        kept.status, kept.location = 302, kept.url
        answer = outgoing.post(kept.url, b"{}", {}, allow_internal=True)

    assert (answer.status, len(kept.bodies)) == (302, 1)


def test_nobody_listening_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        outgoing.post(f"http://127.0.0.1:{free_port()}/", b"{}", {}, allow_internal=True)


def test_an_answer_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT_SECONDS", 0.5)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickle, args=[listener, done])
        thread.start()
        with pytest.raises(Unreachable):
            outgoing.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {}, allow_internal=True)
        done.set()
        thread.join()


def trickle(listener: socket.socket, done: threading.Event) -> None:
    connection, _ = listener.accept()
    with connection:
        while not done.wait(0.1):
            try:
                connection.sendall(b"H")
            except OSError:
                return


def resolve_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> list[str]:
    """Every name leads to these addresses; the names that were asked for."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def lookup(host: str, port: int, *options: Any, **named: Any) -> list[Any]:
        if host in found or host == "127.0.0.1":
            return really(host, port, *options, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", lookup)
    return asked
