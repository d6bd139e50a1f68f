"""axe-core finds no serious fault on any page, light or dark."""

import subprocess
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page

from scripts.screenshots.pages import PAGES, PUBLIC
from scripts.screenshots.shop import Shop
from tests.browser.organisations import PASSWORD, World, log_in
from tests.journeys.node import INSTALLED
from tests.journeys.running import VEXIL, Server, environment

AXE = INSTALLED / "axe-core" / "axe.min.js"
ONLY_SUPERUSERS = "health"
_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(found => ["serious", "critical"].includes(found.impact))
  .map(found => `${found.id}: ${found.nodes.map(node => node.html.slice(0, 160)).join(" | ")}`)"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault(
    scheme: str, site: Server, new_world: Callable[[], World], new_person: Callable[..., Page]
) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core of the npm packages: run `make test`")
    world = new_world()
    with closing(Shop(site.url, world.email, PASSWORD)) as shop:
        shop.fill()

    faults = _faults(_with_axe(new_person, scheme), PUBLIC)
    page = world.log_in(_with_axe(new_person, scheme))
    inside = {name: path.format(**shop.parts) for name, path in PAGES.items() if name != ONLY_SUPERUSERS}
    faults |= _faults(page, inside)
    operator = log_in(_with_axe(new_person, scheme), _operator(site, scheme))
    faults |= _faults(operator, {ONLY_SUPERUSERS: PAGES[ONLY_SUPERUSERS]})

    assert faults == {}


def _operator(site: Server, name: str) -> str:
    """The address of a superuser, whom only somebody at the machine can make."""
    email = f"operator-{name}@example.com"
    command = [VEXIL, "createadmin", "--email", email, "--password", PASSWORD, "--data-dir", str(site.folder / "data")]
    subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return email


def _with_axe(new_person: Callable[..., Page], scheme: str) -> Page:
    page = new_person(color_scheme=scheme, reduced_motion="reduce")
    page.add_init_script(AXE.read_text(encoding="utf-8"))
    return page


def _faults(page: Page, paths: dict[str, str]) -> dict[str, Any]:
    found = {}
    for name, path in paths.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, f"{name}: {answer.status}"
        faults = page.evaluate(_RUN)
        if faults:
            found[name] = faults
    return found
