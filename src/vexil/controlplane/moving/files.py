"""Files with an organisation, plain or (`.gz`) compressed."""

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from vexil.controlplane.actions.organisation_imports import OpenLines
from vexil.wire import json_text


def write(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """Write the lines and say how many; the file appears under its name only when it is whole.

    It holds keys and traits, so that nobody but its owner may read it.
    """
    unfinished = path.with_name(f"{path.name}.part")
    count = 0
    with _opened(unfinished, compress=path.suffix == ".gz") as file:
        for line in lines:
            file.write(json_text.dumps(line) + b"\n")
            count += 1
    unfinished.replace(path)
    return count


def opener(path: Path) -> OpenLines:
    """What opens the file anew each time."""

    def lines() -> Iterator[str]:
        with path.open("rb") as probe:
            is_compressed = probe.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_compressed else path.open("rb") as file:
            for line in file:
                yield line.decode()

    return lines


@contextmanager
def _opened(path: Path, *, compress: bool) -> Iterator[IO[bytes]]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if compress:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as compressed:
                yield cast("IO[bytes]", compressed)
        else:
            yield file
