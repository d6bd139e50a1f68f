"""What every error body has beside the contract's own fields. The test clients look for it in each error they get."""

from typing import Any

from vexil.wire.errors import CATALOGUE, PAGE

ADDED = ("code", "hint", "docs")


def without_explanation(status: int, body: Any) -> Any:
    """The contract's own body; fails for an error that explains nothing."""
    if status < 400 or not isinstance(body, dict):
        return body
    missing = [name for name in ADDED if not body.get(name)]
    assert missing == [], f"an error without {missing}: {status} {body}"
    code = body["docs"].removeprefix(f"{PAGE}#")
    assert code in CATALOGUE, f"an error of no catalogue: {body}"
    has_code = body["code"] != code or code == "change_requests_enabled"  # The contract's bodies have one there.
    return {name: value for name, value in body.items() if name not in ADDED or (name == "code" and has_code)}
