"""`vexil serve --reload`: starts the command anew whenever a source file changes."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vexil.signals import EndSignal

_LOOK_SECONDS = 0.5
_PACKAGE = Path(__file__).resolve().parents[1]


def serve_again_on_change(arguments: Sequence[str]) -> int:
    """Run `vexil` with these arguments in a child process until SIGTERM, SIGINT or the child's own end."""
    end = EndSignal()
    while True:
        seen = _times()
        child = subprocess.Popen([sys.executable, "-m", "vexil", *arguments])  # noqa: S603 -- our own command
        while child.poll() is None and _times() == seen and not end.wait(_LOOK_SECONDS):
            pass
        has_ended_itself = child.poll() is not None
        child.terminate()
        child.wait()
        if end.wait(0) or (has_ended_itself and _times() == seen):
            return child.returncode


def _times() -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in _PACKAGE.rglob("*.py") if path.exists()}
