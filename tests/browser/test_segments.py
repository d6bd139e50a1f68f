"""A segment built by hand, tried on somebody, and seen at work on an identity's page."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.organisations import World
from tests.journeys.running import Server


def test_rules_are_built_and_tried_before_they_are_saved(
    new_world: Callable[[], World], new_person: Callable[..., Page]
) -> None:
    world = new_world()
    page = world.log_in(new_person())
    page.goto(f"/project/{world.project_id}/segments")
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("pros in Europe")
    page.get_by_label("Trait", exact=True).fill("plan")
    page.get_by_label("Value", exact=True).fill("pro")
    page.get_by_role("button", name="Group").click()
    expect(page.get_by_label("Trait", exact=True)).to_have_count(2)
    page.get_by_label("Trait", exact=True).nth(1).fill("country")
    page.get_by_label("Comparison").nth(1).select_option("IN")
    page.get_by_label("Value", exact=True).nth(1).fill("DE,FR")
    expect(page.get_by_label("Value", exact=True).nth(0)).to_have_value("pro")

    page.get_by_label("Traits").fill("plan = pro\ncountry = FR")
    expect(page.locator("#check-result")).to_contain_text("In the segment")
    page.get_by_label("Traits").fill("plan = pro\ncountry = US")
    expect(page.locator("#check-result")).to_contain_text("Not in the segment")
    expect(page.locator("#check-result")).to_contain_text("is US")

    page.get_by_label("Comparison").nth(1).select_option("REGEX")
    page.get_by_label("Value", exact=True).nth(1).fill("(?=D)")
    page.get_by_label("Try it on").nth(1).fill("DE")
    expect(page.locator(".pattern-result").nth(1)).to_contain_text("Cannot be used")
    page.get_by_role("button", name="Create segment").click()
    expect(page.locator(".condition .error")).to_contain_text("Invalid regular expression")
    page.get_by_label("Value", exact=True).nth(1).fill("D|F")
    page.get_by_role("button", name="Create segment").click()
    expect(page.get_by_role("heading", name="pros in Europe")).to_be_visible()
    expect(page.get_by_label("Value", exact=True).nth(1)).to_have_value("D|F")


def test_a_flag_is_switched_for_one_identity_after_a_question(
    site: Server, new_world: Callable[[], World], new_person: Callable[..., Page]
) -> None:
    world = new_world()
    world.feature("banner")
    headers = {"X-Environment-Key": world.key}
    flags = f"{site.api_url}identities/?identifier=kim"
    world.api.get(flags, headers=headers)
    page = world.log_in(new_person())
    page.goto(world.path("identities"))
    page.get_by_label("Search identities").fill("ki")
    page.get_by_role("link", name="kim").click()

    page.get_by_role("switch", name="banner").click()
    expect(page.get_by_role("dialog")).to_contain_text("Switch “banner” on for kim in Production?")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("switch", name="banner")).to_have_attribute("aria-checked", "false")
    page.get_by_role("switch", name="banner").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("switch", name="banner")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("status").last).to_contain_text("banner is on for kim.")

    [flag] = world.api.get(flags, headers=headers).json()["flags"]
    assert flag["enabled"] is True
