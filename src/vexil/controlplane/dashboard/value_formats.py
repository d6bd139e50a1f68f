"""Formats that people write values in. Values are stored as text: a format only checks it before it is saved."""

import json
import tomllib
from collections.abc import Callable
from xml.etree.ElementTree import ParseError

import yaml
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

FORMATS = (("txt", "Text"), ("json", "JSON"), ("yaml", "YAML"), ("xml", "XML"), ("toml", "TOML"))
PLAIN = "txt"


def problem(text: str, format_name: str) -> str | None:
    """What keeps a text from being of a format, with the line where there is one; None for a text that is fine."""
    check = _CHECKS.get(format_name)
    if check is None or not text.strip():
        return None
    try:
        return check(text)
    except RecursionError:
        return "This is nested too deeply to be checked."


def guess(text: str) -> str:
    """The format that a stored text is most likely written in."""
    start = text.lstrip()[:1]
    if start in ("{", "[") and problem(text, "json") is None:
        return "json"
    if start == "<" and problem(text, "xml") is None:
        return "xml"
    return PLAIN


def _json(text: str) -> str | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"Line {error.lineno}, column {error.colno}: {error.msg}."
    except ValueError as error:  # a number of thousands of digits
        return f"{error}."
    return None


def _yaml(text: str) -> str | None:
    try:
        for _ in yaml.compose_all(text, Loader=yaml.SafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        return f"{place}{error.problem or error.context}."
    except yaml.YAMLError as error:
        return f"{str(error).splitlines()[0]}."
    return None


def _toml(text: str) -> str | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told, _, place = str(error).rpartition(" (at ")
        return f"{place.rstrip(')').capitalize()}: {told}." if told else f"{error}."
    return None


def _xml(text: str) -> str | None:
    try:
        ElementTree.fromstring(text.encode())
    except ParseError as error:
        line, column = error.position
        return f"Line {line}, column {column + 1}: {str(error).partition(':')[0]}."
    except DefusedXmlException:
        return "It declares entities, which many programs refuse for safety. Write out what they stand for."
    except ValueError as error:
        return f"{error}."
    return None


_CHECKS: dict[str, Callable[[str], str | None]] = {"json": _json, "yaml": _yaml, "toml": _toml, "xml": _xml}
