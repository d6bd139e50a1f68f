"""Write requirements/*.txt: exact versions, as installed in the running environment, of what pyproject.toml names.

Each file holds what its group needs and all that this pulls in, less what the files it includes already have.
Run it in the .venv after a package was added or raised: `.venv/bin/python scripts/pin.py`.
"""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDES = {"runtime": [], "test": ["runtime"], "check": ["test"], "docs": []}
BUILD = {"setuptools"}
"""Installed beside the runtime, so that `pip install -e .` needs nothing unpinned."""


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {"runtime": project["project"]["dependencies"], **project["dependency-groups"]}
    pinned: dict[str, set[str]] = {}
    for group, includes in INCLUDES.items():
        already = set().union(*(pinned[name] for name in includes))
        needed = closure(wanted[group]) | (BUILD if group == "runtime" else set())
        lines = [f"-r {name}.txt" for name in includes] + [pin(name) for name in sorted(needed - already)]
        (ROOT / "requirements" / f"{group}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        pinned[group] = needed | already


def closure(requirements: list[str]) -> set[str]:
    """The names of these packages and of everything that they pull in here."""
    found: set[str] = set()
    waiting = [(requirement, "") for requirement in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extras = parts(waiting.pop()[0])
        for extra in ["", *extras]:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found.add(name)
            waiting += [(needed, "") for needed in direct(name, extra)]
    return found


def parts(requirement: str) -> tuple[str, list[str]]:
    matched = re.match(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?", requirement)
    assert matched, requirement
    name = re.sub(r"[-_.]+", "-", matched[1]).lower()
    return name, [extra.strip() for extra in (matched[2] or "").split(",") if extra.strip()]


def direct(name: str, extra: str) -> list[str]:
    """What a package names as its needs, as far as it holds here."""
    from packaging.requirements import Requirement  # noqa: PLC0415 -- optional dependency

    needed = []
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            needed.append(line)
    return needed


def pin(name: str) -> str:
    return f"{name}=={distribution(name).version}"


if __name__ == "__main__":
    main()
