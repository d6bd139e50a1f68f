"""Log lines as people and collectors read them, each set up in a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

_TALK = """
import logging, sys, structlog
from vexil import config, logs
logs.configure(config.load())
log = structlog.get_logger("vexil.shop")
log.debug("shop.opened")
log.info("shop.sold", feature_id=7)
logging.getLogger("httpx").info("asked")
logging.getLogger("psycopg").warning("gone %s", "away")
secret = "ser.secret"
try:
    raise ValueError("broken")
except ValueError:
    log.exception("shop.failed")
"""


def talk(**settings: str) -> str:
    talked = subprocess.run([sys.executable, "-c", _TALK], env=settings, capture_output=True, text=True, check=True)
    assert talked.stderr == ""
    return talked.stdout


def test_lines_for_collectors_have_the_names_that_they_know() -> None:
    lines = [json.loads(line) for line in talk(LOG_FORMAT="json").splitlines()]

    for line in lines:
        assert line.pop("pid") > 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("timestamp"))
        assert line.pop("thread_name") == "MainThread"
    traceback = lines[-1].pop("exc_info")
    assert lines == [
        {"message": "shop.sold", "levelname": "INFO", "logger_name": "vexil.shop", "feature_id": 7},
        {"message": "gone away", "levelname": "WARNING", "logger_name": "psycopg"},
        {"message": "shop.failed", "levelname": "ERROR", "logger_name": "vexil.shop"},
    ]
    assert re.fullmatch(r"Traceback.*ValueError: broken", traceback, re.DOTALL)
    assert "ser.secret" not in traceback


def test_lines_for_people_name_time_level_event_and_logger() -> None:
    lines = [" ".join(line.split()[1:]) for line in talk(APPLICATION_LOGGERS="httpx").splitlines()]

    assert lines[:4] == [
        "[info ] shop.sold [vexil.shop] feature_id=7",
        "[info ] asked [httpx]",
        "[warning ] gone away [psycopg]",
        "[error ] shop.failed [vexil.shop]",
    ]


def test_a_file_configures_all_logs(tmp_path: Path) -> None:
    file = tmp_path / "logging.json"
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "short"}
    formatters = {"short": {"format": "%(levelname)s|%(name)s|%(message)s"}}
    root = {"level": "INFO", "handlers": ["console"]}
    file.write_text(
        json.dumps({"version": 1, "handlers": {"console": handler}, "formatters": formatters, "root": root})
    )

    lines = talk(LOGGING_CONFIGURATION_FILE=str(file), LOG_FORMAT="json").splitlines()

    assert lines[:4] == [
        "INFO|vexil.shop|shop.sold feature_id=7",
        "INFO|httpx|asked",
        "WARNING|psycopg|gone away",
        "ERROR|vexil.shop|shop.failed",
    ]
    assert lines[-1] == "ValueError: broken"


def test_an_unusable_file_is_named() -> None:
    asked = [str(Path(sys.executable).with_name("vexil")), "migrate"]
    refused = subprocess.run(asked, env={"LOGGING_CONFIGURATION_FILE": "/none.json"}, capture_output=True, text=True)

    assert refused.returncode == 1
    assert refused.stderr.startswith("vexil: LOGGING_CONFIGURATION_FILE /none.json cannot be used: ")
