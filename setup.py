"""Puts the pages of docs/ into what is built, where `vexil.controlplane.dashboard.manual_pages` looks for them.

They stay outside src/, where people and MkDocs expect them. Everything else is in pyproject.toml.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MANUAL = Path("vexil/controlplane/dashboard/manual")


class BuildWithManual(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # it reads docs/ itself
        folder = Path(self.build_lib) / MANUAL
        (folder / "docs").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "mkdocs.yml", folder)
        for page in (ROOT / "docs").glob("*.md"):
            shutil.copy(page, folder / "docs")


setup(cmdclass={"build_py": BuildWithManual})
