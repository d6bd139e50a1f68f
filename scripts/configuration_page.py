"""Write the table of docs/configuration.md from `vexil.config`; the text around it is left alone."""

from pathlib import Path

from vexil import config

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
BEGIN, END = "<!-- settings: made by scripts/configuration_page.py -->", "<!-- end of settings -->"


def main() -> None:
    PAGE.write_text(current(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def current(page: str) -> str:
    """The page with the table as it ought to be."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    rows = [f"| `{variable}` | {code(default)} | {text} |" for variable, default, text in config.documented_settings()]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def code(default: str) -> str:
    return f"`{default}`" if default else ""


if __name__ == "__main__":
    main()
