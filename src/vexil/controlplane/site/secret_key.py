"""The key that signs links and sessions: as configured, else made once and kept in the data folder."""

import os
import secrets
from pathlib import Path

from vexil.config import Config

FILE_NAME = "secret_key"


def load_or_create(config: Config) -> str:
    if config.secret_key:
        return config.secret_key
    config.data_dir.mkdir(parents=True, exist_ok=True)
    path = config.data_dir / FILE_NAME
    if not path.exists():
        _create(path)
    return path.read_text(encoding="utf-8").strip()


def _create(path: Path) -> None:
    """Write it whole or not at all: several processes may start at once, and the first one wins."""
    draft = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
