"""What the Flagsmith has answered so far, on disk under the data folder until the import is done."""

import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any


class Answers:
    """JSON by question; each is kept for good before `put` returns."""

    def __init__(self, path: Path | None) -> None:
        """Without a path they are in memory only, for trials."""
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))  # it holds keys and traits
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT NOT NULL)")

    def get(self, question: str) -> Any | None:
        with self._lock:
            row = self._connection.execute("SELECT answer FROM answers WHERE question = ?", (question,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, question: str, answer: Any) -> None:
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (question, json.dumps(answer)))

    def count(self) -> int:
        with self._lock:
            number: int = self._connection.execute("SELECT count(*) FROM answers").fetchone()[0]
        return number

    def close(self) -> None:
        self._connection.close()
