"""All checks in their order, ended by the first finding after which the others have no sense."""

import json
from collections.abc import Iterator

from vexil.config import Config
from vexil.doctor import admin_api, connection, flags_api, gateway, local
from vexil.doctor.asking import site_of
from vexil.doctor.findings import Blocked, Finding, as_json, is_well, lines


def of_address(address: str, key: str | None, token: str | None) -> list[Finding]:
    """Raise `BadAddress` for what is none."""
    site = site_of(address)
    groups = (
        connection.findings(site),
        gateway.findings(site),
        flags_api.findings(site, key),
        admin_api.findings(site, token),
    )
    return _until_blocked(finding for group in groups for finding in group)


def of_installation(config: Config) -> list[Finding]:
    return _until_blocked(local.findings(config))


def report(findings: list[Finding], *, in_json: bool) -> tuple[str, int]:
    """What to print, and the exit status."""
    text = json.dumps(as_json(findings), indent=2, ensure_ascii=False) if in_json else "\n".join(lines(findings))
    return text, 0 if is_well(findings) else 1


def _until_blocked(checks: Iterator[Finding]) -> list[Finding]:
    found = []
    try:
        for finding in checks:
            found.append(finding)  # noqa: PERF402 -- what was found before the end counts
    except Blocked as end:
        found.append(end.finding)
    return found
