"""How far a long command has come: one line that changes on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import TextIO

_TERMINAL_SECONDS = 0.1
_LINES_SECONDS = 5.0


class Progress:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._shown_at = 0.0
        self._shown: tuple[str, int] = ("", -1)
        self._is_line_open = False

    def show(self, stage: str, done: int, total: int = 0) -> None:
        """Say where a stage is; 0 in all is unknown."""
        is_due = time.monotonic() - self._shown_at >= (_TERMINAL_SECONDS if self._is_terminal else _LINES_SECONDS)
        is_new = stage != self._shown[0]
        is_end = bool(total) and done >= total and (stage, done) != self._shown
        if not (is_due or is_new or is_end):
            return
        self._shown_at, self._shown = time.monotonic(), (stage, done)
        share = f"{done:,} of {total:,}" if total else f"{done:,}"
        text = f"{stage}: {share}"
        if self._is_terminal:
            if is_new and self._is_line_open:
                self._stream.write("\n")
            self._stream.write(f"\r\x1b[K{text}")
            self._is_line_open = True
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that changes."""
        if self._is_line_open:
            self._stream.write("\n")
            self._is_line_open = False

    def say(self, text: str) -> None:
        """A line that stays."""
        self.end()
        self._stream.write(text + "\n")
        self._stream.flush()
