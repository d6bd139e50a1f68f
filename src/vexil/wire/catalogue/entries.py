"""What an entry of the catalogue says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause of an error; `hint` has `{facts}` that the request at hand fills in."""

    code: str
    statuses: tuple[int, ...]
    """Empty where Vexil was not reached, so that only `vexil doctor` can tell."""
    cause: str
    remedy: str
    hint: str
    body: Any = None
    """The contract's own body in the example."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Those of the example; answers bring their own, and these names are the ones that they must bring."""

    @property
    def title(self) -> str:
        return self.code.replace("_", " ").capitalize()


def detail(text: str) -> dict[str, str]:
    return {"detail": text}
