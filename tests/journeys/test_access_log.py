"""A line for each request of both planes, in the form that is asked for."""

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.journeys.admin import Admin
from tests.journeys.running import Server

_KEY = "no-such-key"


@pytest.mark.parametrize("line_format", ["json", "generic"])
def test_every_request_has_a_line(tmp_path: Path, line_format: str) -> None:
    log = tmp_path / "access.log"
    server = Server(
        tmp_path,
        LOG_FORMAT=line_format,
        ACCESS_LOG_LOCATION=str(log),
        ACCESS_LOG_EXTRA_ITEMS="{X-Request-Id}i,{vexil-error-code}o,{nothing}i",
    ).start()
    try:
        admin = Admin(server.api_url)
        admin.create_project()
        headers = {"X-Environment-Key": admin.client_key, "User-Agent": 'a "quoted" sdk', "X-Request-Id": "r-1"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            bodies = [client.get("/api/v1/flags/").content for _ in range(3)]
            client.get("/api/v1/flags/?feature=none", headers={"X-Environment-Key": _KEY})
        assert server.stop() == 0
    finally:
        server.kill()

    lines = [line for line in log.read_text().splitlines() if "quoted" in line]
    if line_format == "json":
        shown = [json.loads(line) for line in lines]
        assert {line["status"]: line["route"] for line in shown} == {"200": "/api/v1/flags/", "401": "/api/v1/flags/"}
        assert [line["response_size_in_bytes"] for line in shown[:3]] == [len(body) for body in bodies]
        refused = shown[3]
        assert {name: refused[name] for name in ("method", "path", "remote_ip", "user_agent", "levelname")} == {
            "method": "GET",
            "path": "/api/v1/flags/?feature=none",
            "remote_ip": "127.0.0.1",
            "user_agent": 'a "quoted" sdk',
            "levelname": "INFO",
        }
        assert [refused[item] for item in ("{x-request-id}i", "{vexil-error-code}o", "{nothing}i")] == [
            "r-1",
            "malformed_environment_key",
            "-",
        ]
    else:
        at = r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\]"
        first = rf'127\.0\.0\.1 - - {at} "GET /api/v1/flags/ HTTP/1.1" 200 {len(bodies[0])} "-" "a \\"quoted\\" sdk"'
        assert [bool(re.fullmatch(first, line)) for line in lines] == [True, True, True, False]
