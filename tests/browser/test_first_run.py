"""From an empty installation to the first flag that a real SDK evaluates."""

from collections.abc import Callable, Iterator

import pytest
from flagsmith import Flagsmith
from playwright.sync_api import Page, expect

from tests.journeys.running import Server


@pytest.fixture
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("empty"))
    try:
        yield server.start()
    finally:
        server.stop()


def test_the_first_person_gets_to_an_evaluated_flag(empty_site: Server, new_person: Callable[..., Page]) -> None:
    page = new_person(base_url=empty_site.url)
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("L")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("12345678")
    page.get_by_label("Organisation").fill("Acme")
    page.get_by_label("Project").fill("Shop")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("This password is entirely numeric.")).to_be_visible()
    page.get_by_label("Password").fill("correct-horse-7-battery")
    page.get_by_role("button", name="Begin").click()

    expect(page.get_by_text("Listening …")).to_be_visible()
    page.get_by_role("link", name="curl", exact=True).click()
    expect(page.locator("#snippet-code")).to_contain_text("curl -H 'X-Environment-Key: ")
    page.get_by_role("link", name="Python", exact=True).click()
    code = page.locator("#snippet-code")
    expect(code).to_contain_text("from flagsmith import Flagsmith")
    key = page.url.split("/environment/")[1].split("/")[0]
    assert f'environment_key="{key}", api_url="{empty_site.api_url}"' in code.inner_text()

    flags = Flagsmith(environment_key=key, api_url=empty_site.api_url).get_identity_flags("user-1")
    assert (flags.is_feature_enabled("demo_button"), flags.get_feature_value("demo_button")) == (True, "Hello!")
    expect(page.get_by_text("Connected", exact=True)).to_be_visible(timeout=10_000)

    second = new_person(base_url=empty_site.url)
    second.goto("/welcome")
    expect(second.get_by_role("heading", name="Log in")).to_be_visible()
