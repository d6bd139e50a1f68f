"""What the doctor says where Vexil was not reached: each case is there, on a port of this machine."""

import email.utils
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.doctor.fronts import Reply, always, front
from tests.journeys.running import VEXIL, free_port
from vexil.doctor import examination
from vexil.doctor.asking import BadAddress, Site, site_of
from vexil.doctor.findings import BAD

VERSION = {"Flagsmith-Version": "0.1.0"}


def codes(address: str, key: str | None = None) -> list[str]:
    return [finding.code for finding in examination.of_address(address, key, None) if finding.state == BAD]


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("https://flags.test", Site(True, "flags.test", 443)),
        ("flags.test", Site(True, "flags.test", 443)),
        ("http://flags.test:8000/api/v1/flags/", Site(False, "flags.test", 8000)),
        ("https://flags.test/vexil/api/v1/", Site(True, "flags.test", 443, "/vexil")),
    ],
)
def test_the_address_may_be_given_as_people_have_it(text: str, site: Site) -> None:
    assert site_of(text) == site


@pytest.mark.parametrize("text", ["ftp://flags.test", "http://", "http://flags.test:port"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        site_of(text)


def test_a_name_without_address_and_a_port_without_server() -> None:
    assert codes("http://no-such-host.invalid/") == ["dns_failed"]
    assert codes(f"http://127.0.0.1:{free_port()}/") == ["connection_refused"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(502, "bad_gateway"), (503, "service_unavailable"), (504, "gateway_timeout"), (200, "not_vexil")],
)
def test_answers_of_a_proxy_are_told_from_ours(status: int, code: str) -> None:
    with front(always(status, Server="nginx/1.22")) as port:
        findings = examination.of_address(f"http://127.0.0.1:{port}/", None, None)

    assert findings[-1].code == code
    assert "nginx/1.22" in findings[-1].hint


def test_a_redirect_is_not_followed_but_named() -> None:
    with front(always(301, Location="https://elsewhere.test/")) as port:
        findings = examination.of_address(f"http://127.0.0.1:{port}/", None, None)

    assert findings[-1].code == "unexpected_redirect"
    assert "https://elsewhere.test/" in findings[-1].hint


def test_a_clock_that_is_behind() -> None:
    an_hour_ago = email.utils.formatdate(time.time() - 3600, usegmt=True)
    with front(always(200, Date=an_hour_ago, Flagsmith_Version="0.1.0")) as port:
        assert "clock_skew" in codes(f"http://127.0.0.1:{port}/")


def test_a_health_that_fails_is_told_in_the_server_s_own_words() -> None:
    failing = b'{"DatabaseBackend": "unavailable", "code": "migrations_pending", "hint": "Run it.", "docs": "/docs/"}'

    def respond(path: str, _headers: dict[str, str]) -> Reply:
        return Reply(500, VERSION, failing) if path == "/health" else Reply(200, VERSION, b"[]")

    with front(respond) as port:
        findings = {finding.step: finding for finding in examination.of_address(f"http://127.0.0.1:{port}", None, None)}

    assert (findings["Health"].code, findings["Health"].hint) == ("migrations_pending", "Run it.")


def test_a_document_that_is_very_large() -> None:
    def respond(path: str, headers: dict[str, str]) -> Reply:
        document = b"{" + b" " * 6_000_000 + b"}"
        return Reply(200, VERSION, document if path.endswith("/environment-document/") else b"[]")

    with front(respond) as port:
        assert "slow_document" in codes(f"http://127.0.0.1:{port}", "ser.A2b3C4d5E6f7G8h9J2k3L4")


def test_a_port_that_does_not_speak_tls() -> None:
    with front(always(200)) as port:
        assert codes(f"https://127.0.0.1:{port}/") == ["tls_failed"]


@pytest.fixture(scope="module")
def openssl() -> str:
    found = next((str(path) for folder in os.get_exec_path() if (path := Path(folder) / "openssl").exists()), None)
    return found or pytest.skip("needs openssl to make certificates")


@pytest.mark.parametrize(
    ("name", "days", "code", "named"),
    [
        ("localhost", -1, "tls_failed", "expired"),
        ("elsewhere.test", 90, "tls_failed", "not valid for 'localhost'"),
        ("localhost", 5, "tls_expires_soon", "4 days"),
    ],
)
def test_certificates(tmp_path: Path, openssl: str, name: str, days: int, code: str, named: str) -> None:
    pem = certificate(tmp_path, openssl, name, days)

    with front(always(502), certificate=pem) as port:
        command = [VEXIL, "doctor", f"https://localhost:{port}/"]
        shown = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"SSL_CERT_FILE": str(pem)}
        )

    assert (shown.returncode, code in shown.stdout) == (1, True), shown.stdout
    assert named.lower() in shown.stdout.lower()


def certificate(folder: Path, openssl: str, name: str, days: int) -> Path:
    """Signed by itself, good until so many days from now, with its key in the same file."""
    key, signed, pem = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    ends = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86_400))
    starts = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 10 * 86_400))
    request = [openssl, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(folder / "csr.pem")]
    subprocess.run([*request, *subject], check=True, capture_output=True)
    (folder / "ext").write_text(f"subjectAltName=DNS:{name}\n", encoding="utf-8")
    (folder / "index.txt").touch()
    (folder / "ca.cnf").write_text(_AUTHORITY.format(folder=folder), encoding="utf-8")
    sign = [openssl, "ca", "-batch", "-selfsign", "-config", str(folder / "ca.cnf"), "-keyfile", str(key)]
    sign += ["-in", str(folder / "csr.pem"), "-out", str(signed), "-startdate", starts, "-enddate", ends]
    subprocess.run([*sign, "-extfile", str(folder / "ext"), "-notext"], check=True, capture_output=True)
    pem.write_bytes(key.read_bytes() + signed.read_bytes())
    return pem


_AUTHORITY = """
[ca]
default_ca = it
[it]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""
