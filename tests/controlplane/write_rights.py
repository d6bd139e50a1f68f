"""Writes the table of docs/rights.md anew: `python -m tests.controlplane.write_rights`."""

import os
import tempfile
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "vexil.controlplane.site.settings"
os.environ["VEXIL_DATA_DIR"] = tempfile.mkdtemp(prefix="vexil-rights-")
django.setup()

from tests.controlplane import databases, rights  # noqa: E402 -- models load only after setup

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rights.md"
BEGIN = "<!-- from here on made by tests/controlplane/write_rights.py -->"


def main() -> None:
    with databases.used(databases.Place(None, Path(os.environ["VEXIL_DATA_DIR"]))):
        made = rights.table(rights.rows())
    before = PAGE.read_text(encoding="utf-8").split(BEGIN)[0]
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
