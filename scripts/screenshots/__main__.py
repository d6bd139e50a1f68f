"""Start a shop on a server of its own and write a picture of every page, light and dark, wide and narrow.

Takes the folder to write to. Needs Chromium.
"""

import base64
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from scripts.screenshots import history
from scripts.screenshots.pages import PAGES, PUBLIC
from scripts.screenshots.shop import Shop

_PORT = 8919
_URL = f"http://127.0.0.1:{_PORT}"
_EMAIL, _PASSWORD = "kim@example.com", "correct-Horse-7-battery"
_SIZES = {"wide": (1280, 860), "narrow": (375, 812)}
_QUALITY = 55


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as data, _server(Path(data)):
        _sign_up()
        with closing(Shop(_URL, _EMAIL, _PASSWORD)) as shop:
            history.write(Path(data), [environment["id"] for environment in shop.environments])
            shop.fill()
            inside = {name: path.format(**shop.parts) for name, path in PAGES.items()}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for scheme in ("light", "dark"):
                for size in _SIZES:
                    _take(browser, inside, folder, f"{scheme}-{size}")
            browser.close()


@contextmanager
def _server(data: Path) -> Iterator[None]:
    command = [shutil.which("vexil", path=str(Path(sys.executable).parent)) or "vexil", "serve", "--port", str(_PORT)]
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, "--data-dir", str(data)], stdout=log, stderr=log)
    try:
        _wait_for_it()
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_it() -> None:
    for _ in range(120):
        try:
            httpx.get(f"{_URL}/health").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.5)
    sys.exit("the server did not start")


def _sign_up() -> None:
    """The operator, who is the only superuser there can be, with a shop in two environments."""
    with httpx.Client(base_url=f"{_URL}/api/v1/", timeout=30) as api:
        person = {"email": _EMAIL, "password": _PASSWORD, "first_name": "Kim", "last_name": "Doe", "superuser": True}
        token = api.post("auth/users/", json=person).raise_for_status().json()["key"]
        api.headers["Authorization"] = f"Token {token}"
        organisation = api.post("organisations/", json={"name": "Acme"}).raise_for_status().json()["id"]
        body = {"name": "Shop", "organisation": organisation}
        project = api.post("projects/", json=body).raise_for_status().json()["id"]
        for name in ("Production", "Staging"):
            api.post("environments/", json={"name": name, "project": project}).raise_for_status()


def _take(browser: Browser, inside: dict[str, str], folder: Path, look: str) -> None:
    scheme, _, size = look.partition("-")
    width, height = _SIZES[size]
    context = browser.new_context(
        base_url=_URL,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name, path in PUBLIC.items():
        _write(context, page, path, folder / f"{name}.{look}.webp")
    page.goto("/login")
    page.get_by_label("E-mail").fill(_EMAIL)
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    for name, path in inside.items():
        _write(context, page, path, folder / f"{name}.{look}.webp")
    context.close()


def _write(context: BrowserContext, page: Page, path: str, file: Path) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.ok, f"{path}: {answer.status}"
    page.wait_for_load_state("networkidle")  # parts that are asked for once the page is there
    session = context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    file.write_bytes(base64.b64decode(taken["data"]))
    session.detach()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
