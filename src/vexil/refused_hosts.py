"""Hosts that were refused: told to the operator in the log and on the health page, never to who sent them."""

import time

import structlog

log = structlog.get_logger(__name__)

_SHOWN_SECONDS = 600
_LOGGED_MAX = 100
_CHARACTERS_MAX = 100


class RefusedHosts:
    """Each is logged once; the last one is shown for ten minutes."""

    def __init__(self) -> None:
        self._logged: set[str] = set()
        self._last = ""
        self._last_at = 0.0

    def add(self, host: str) -> None:
        shown = "".join(character for character in host if "!" <= character <= "~")[:_CHARACTERS_MAX]
        self._last, self._last_at = shown, time.monotonic()
        if shown not in self._logged and len(self._logged) < _LOGGED_MAX:
            self._logged.add(shown)
            log.warning("host.refused", host=shown, variable="DJANGO_ALLOWED_HOSTS")

    def lately(self) -> str | None:
        """The last refused host, unless it is long ago."""
        return self._last if self._last_at and time.monotonic() - self._last_at < _SHOWN_SECONDS else None
