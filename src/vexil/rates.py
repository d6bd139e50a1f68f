"""How often something may happen: `500/min`."""

import re
from dataclasses import dataclass

MONTH = 30 * 86_400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WORDS = {1: "sec", 60: "min", 3600: "hour", 86_400: "day", MONTH: "month"}
_FORM = re.compile(r"([0-9]{1,9})/([smhd][a-z]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in any span of so many seconds."""

    limit: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.limit}/{_WORDS.get(self.seconds, f'{self.seconds} s')}"


def parse(text: str) -> Rate | None:
    """None for nothing and for `none`: no limit. The first letter of the period decides; a month is 30 days."""
    text = text.strip()
    if text.lower() in {"", "none"}:
        return None
    match = _FORM.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ValueError("a number, a slash and sec, min, hour, day or month, such as 500/min, or none")
    period = match[2].lower()
    return Rate(int(match[1]), MONTH if period.startswith("month") else _SECONDS[period[0]])
