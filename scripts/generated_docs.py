"""Write the parts of docs/ that are made from the source: settings, compatibility notes, the error catalogue,
the last bench run.

The text around them is left alone. `make format` runs this, and a house rule fails when a page is behind.
"""

import io
import json
import tokenize
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from vexil import config
from vexil.metrics import families
from vexil.wire import errors
from vexil.wire.catalogue.entries import Entry

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- made by scripts/generated_docs.py -->", "<!-- end -->"
COMPAT = "# compat:"


def main() -> None:
    for name, make in PAGES.items():
        page = ROOT / "docs" / name
        page.write_text(current(page.read_text(encoding="utf-8"), make()), encoding="utf-8")


def current(page: str, made: str) -> str:
    """The page with its made part as it ought to be."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def settings_table() -> str:
    rows = [f"| `{variable}` | {code(default)} | {text} |" for variable, default, text in config.documented_settings()]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def code(default: str) -> str:
    return f"`{default}`" if default else ""


def compatibility_table() -> str:
    rows = [f"| {note.replace('|', chr(92) + '|')} | `{place}` |" for place, note in compatibility_notes()]
    return "\n".join(["| What we do because clients rely on it | Where |", "|---|---|", *rows])


def compatibility_notes() -> Iterator[tuple[str, str]]:
    """File and text of each `compat:` comment under src, with the comment lines that continue it."""
    for path in sorted((ROOT / "src" / "vexil").rglob("*.py")):
        place = path.relative_to(ROOT / "src" / "vexil").as_posix()
        yield from ((place, note) for note in notes_of(path.read_text(encoding="utf-8")))


def notes_of(source: str) -> Iterator[str]:
    note, last_line, own_line = "", 0, False
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.string.startswith(COMPAT):
            if note:
                yield note
            note, last_line = token.string.removeprefix(COMPAT).strip(), token.start[0]
            own_line = not token.line[: token.start[1]].strip()
        elif note and own_line and token.start[0] == last_line + 1:
            note, last_line = f"{note} {token.string.lstrip('#').strip()}", token.start[0]
    if note:
        yield note


def error_sections() -> str:
    """A section for each code: its heading is the anchor that `docs` in an answer points to."""
    parts = []
    for title, entries in errors.SECTIONS.items():
        parts += [f"## {title}", *map(error_section, entries)]
    return "\n\n".join(parts)


def error_section(entry: Entry) -> str:
    explanation = errors.example(entry)
    example = f"> {explanation.hint}"
    if entry.body is not None:
        body = json.dumps(errors.with_explanation(entry.body, explanation), indent=2, ensure_ascii=False)
        status = f"{entry.statuses[0]} {HTTPStatus(entry.statuses[0]).phrase}"
        example = f"```http\nHTTP/1.1 {status}\nContent-Type: application/json\n\n{body}\n```"
    statuses = ", ".join(map(str, entry.statuses)) or "none"
    lines = [f"**Status** {statuses}", f"**Cause** {entry.cause}", f"**Remedy** {entry.remedy}", example]
    return "\n\n".join([f"### {entry.code}", *lines])


def bench_results() -> str:
    """The last bench run, its headings two levels lower and without its plots."""
    _, _, text = (ROOT / "bench" / "results" / "latest.md").read_text(encoding="utf-8").partition("\n\n")
    lines = [f"#{line}" if line.startswith("#") else line for line in text.splitlines() if not line.startswith("![")]
    return "\n".join(lines).strip()


def metrics_table() -> str:
    rows = [
        f"| `{family.name}` | {family.kind} | {', '.join(map(code, family.labels))} | {family.help} |"
        for family in families.ALL
    ]
    return "\n".join(["| Metric | Kind | Labels | Meaning |", "|---|---|---|---|", *rows])


PAGES = {
    "configuration.md": settings_table,
    "compatibility.md": compatibility_table,
    "http-errors.md": error_sections,
    "performance.md": bench_results,
    "monitoring.md": metrics_table,
}

if __name__ == "__main__":
    main()
