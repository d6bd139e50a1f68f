"""Choosing what a long page shows, without loading it anew."""

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.organisations import World


def test_the_audit_log_is_narrowed(new_world: Callable[[], World], new_person: Callable[..., Page]) -> None:
    world = new_world()
    for name in ("banner", "checkout"):
        world.feature(name)
    rules = [{"type": "ALL", "rules": [], "conditions": [{"property": "plan", "operator": "EQUAL", "value": "pro"}]}]
    world.post(f"projects/{world.project_id}/segments/", {"name": "Pros", "rules": rules, "project": world.project_id})
    page = world.log_in(new_person())
    page.goto(f"/project/{world.project_id}/audit-log")
    lines = page.locator("#results tbody tr")
    everything = lines.count()
    page.evaluate("window.wasNeverLeft = true")

    page.get_by_label("Kind").select_option(label="Segments")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("Pros")
    expect(page).to_have_url(re.compile("kind=SEGMENT"))
    page.get_by_label("Kind").select_option(label="All kinds")
    expect(lines).to_have_count(everything)
    page.get_by_label("Search what was done").press_sequentially("checkout")
    expect(page.locator("#results")).not_to_contain_text("banner")
    expect(lines.first).to_contain_text("checkout")
    expect(page.get_by_label("Search what was done")).to_be_focused()
    assert page.evaluate("window.wasNeverLeft")

    page.reload()
    expect(page.get_by_label("Search what was done")).to_have_value("checkout")
    expect(page.locator("#results")).not_to_contain_text("banner")


def test_usage_is_narrowed_to_an_sdk_and_a_project(
    new_world: Callable[[], World], new_person: Callable[..., Page]
) -> None:
    world = new_world()
    flags = str(world.api.base_url.join("flags/"))
    for agent, requests in (("flagsmith-python-sdk/5.2.0", 3), ("flagsmith-js-sdk/9.3.0", 2)):
        for _ in range(requests):
            headers = {"X-Environment-Key": world.key, "User-Agent": agent}
            httpx.get(flags, headers=headers).raise_for_status()
    page = world.log_in(new_person())
    total = page.locator(".usage-totals dd").first
    for _ in range(20):  # requests are counted within a second
        page.goto(f"/organisation/{world.organisation_id}/usage")
        if total.inner_text() == "5":
            break
        page.wait_for_timeout(250)
    expect(total).to_have_text("5")
    page.evaluate("window.wasNeverLeft = true")

    page.get_by_label("SDK").select_option("flagsmith-js-sdk/9.3.0")
    expect(total).to_have_text("2")
    page.get_by_label("Project").select_option(label="Shop")
    page.get_by_label("Environment").select_option(label="Production")
    page.get_by_label("Period").select_option(index=1)
    expect(page).to_have_url(re.compile("period=.+environment=.+sdk=flagsmith-js-sdk"))
    expect(total).to_have_text("2")
    assert page.evaluate("window.wasNeverLeft")
