"""What a check found."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from vexil.wire.errors import Explanation, explain

GOOD, BAD, NOTE = "good", "bad", "note"
_SIGNS = {GOOD: "✓", BAD: "✗", NOTE: "·"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One step; `code` and `docs` are those of the catalogue, `hint` says how to mend it."""

    step: str
    state: str
    text: str
    code: str = ""
    hint: str = ""
    docs: str = ""


class Blocked(Exception):
    """A finding after which the steps that follow have no sense."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def good(step: str, text: str) -> Finding:
    return Finding(step, GOOD, text)


def note(step: str, text: str) -> Finding:
    return Finding(step, NOTE, text)


def bad(step: str, code: str, **facts: object) -> Finding:
    return because(step, "", explain(code, **facts))


def because(step: str, text: str, explanation: Explanation) -> Finding:
    """With the code and hint that a server gave, or that we give."""
    shown = text or explanation.code.replace("_", " ")
    return Finding(step, BAD, shown, explanation.code, explanation.hint, explanation.docs)


def lines(findings: Iterable[Finding]) -> list[str]:
    """For people: a line each, and how to mend what is wrong below it."""
    shown = []
    for finding in findings:
        shown.append(f"{_SIGNS[finding.state]} {finding.step}: {finding.text}")
        if finding.hint:
            shown.append(f"    {finding.hint}")
            shown.append(f"    {finding.code} · {finding.docs}")
    return shown


def as_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """For scripts."""
    found = list(findings)
    return {"ok": is_well(found), "findings": [asdict(finding) for finding in found]}


def is_well(findings: Iterable[Finding]) -> bool:
    return all(finding.state != BAD for finding in findings)
