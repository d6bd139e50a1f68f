"""A real browser against a real server: `person(...)` is somebody in front of it.

Each story has a server of its own only where it must; most share one and make their own organisation.
"""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.organisations import World, make_world
from tests.journeys.running import Server

CHROMIUM_ABSENT = "Chromium is not installed: `apt-get install chromium` (or any Chromium in PATH), then run again"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one module only: while it is open its event loop runs, under which Django refuses to touch a database."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip(CHROMIUM_ABSENT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running installation on SQLite that all stories share."""
    server = Server(tmp_path_factory.mktemp("site"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def new_person(chromium: Browser, site: Server) -> Iterator[Callable[..., Page]]:
    """`new_person()` opens a browser window of somebody new, whose scripts must run without an error.

    Keywords are those of a browser context: `viewport`, `color_scheme`, `java_script_enabled`, …
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_window(**options: object) -> Page:
        context = chromium.new_context(**{"base_url": site.url, "viewport": {"width": 1280, "height": 860}, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on("console", lambda message: problems.extend(_refused(page, message.text)))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def new_world(site: Server) -> Iterator[Callable[[], World]]:
    """`new_world()` makes an organisation of its own on the shared server."""
    worlds: list[World] = []

    def make() -> World:
        worlds.append(make_world(site.url))
        return worlds[-1]

    yield make
    for world in worlds:
        world.api.close()


def _refused(page: Page, text: str) -> list[str]:
    """What the page tried that its content security policy forbids; Playwright's own screenshots do, with styles."""
    return [f"{page.url}: {text}"] if "Content Security Policy" in text and "inline style" not in text else []
