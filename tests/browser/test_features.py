"""A feature's life in a real browser: made, targeted, rolled out, rolled back; by two people; by keyboard alone."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.organisations import World

NewWorld = Callable[[], World]
NewPerson = Callable[..., Page]


def test_a_feature_is_made_targeted_rolled_out_overridden_and_rolled_back(
    new_world: NewWorld, new_person: NewPerson
) -> None:
    world = new_world()
    assert world.api.post(f"environments/{world.key}/enable-v2-versioning/").is_success
    _segment(world, "gold customers", "plan", "gold")
    page = world.log_in(new_person())

    page.goto(world.path())
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("new checkout")
    page.get_by_label("Value (optional)").fill('{"steps": 3')
    page.locator(".segmented label", has_text="JSON").click()
    expect(page.locator(".value-check")).to_contain_text("Line 1, column 12")
    page.get_by_label("Value (optional)").fill('{"steps": 3}')
    expect(page.locator(".value-check")).to_contain_text("This is JSON.")
    page.get_by_role("button", name="Create feature").click()
    panel = page.get_by_role("dialog", name="new_checkout")
    expect(panel).to_be_visible()

    panel.get_by_role("link", name="Segment overrides").click()
    panel.get_by_label("Segment to add").select_option(label="gold customers")
    panel.get_by_role("button", name="Add override").click()
    expect(panel.get_by_text("Not saved yet.")).to_be_visible()
    panel.get_by_label("Value for gold customers").fill("gold")
    panel.get_by_role("button", name="Save in Production").click()
    expect(page.get_by_role("status").last).to_contain_text("Segment overrides of new_checkout saved in Production.")
    assert _flag(world, "somebody", plan="gold") == (True, "gold")
    assert _flag(world, "somebody else", plan="free") == (False, '{"steps": 3}')

    panel.get_by_role("link", name="Value", exact=True).click()
    panel.get_by_role("switch", name="Enabled in Production").check()
    panel.get_by_role("button", name="Add variation").click()
    panel.get_by_label("Value of variation 1").fill("one page")
    panel.get_by_label("Share of variation 1").fill("10")
    expect(panel.get_by_text("goes to the other 90 %")).to_be_visible()
    expect(panel.locator(".changes")).to_contain_text("Enabled off → on")
    panel.get_by_role("button", name="Save in Production").click()
    expect(page.get_by_role("status").last).to_contain_text("new_checkout saved in Production.")
    got = [_flag(world, f"visitor {number}", plan="free")[1] for number in range(200)]
    assert 5 <= got.count("one page") <= 40
    assert set(got) == {"one page", '{"steps": 3}'}

    panel.get_by_role("link", name="Identity overrides").click()
    panel.get_by_label("Identifier").fill("kim")
    panel.get_by_label("Value", exact=True).fill("only for kim")
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel.get_by_label("Value for kim")).to_have_value("only for kim")
    assert _flag(world, "kim", plan="gold") == (True, "only for kim")

    panel.get_by_role("link", name="History").click()
    panel.get_by_role("button", name="Compare").click()
    expect(panel.locator(".comparison-facts").first).to_contain_text("one page 10 %")
    panel.get_by_role("button", name="Restore the version of").last.click()
    page.get_by_role("dialog", name="Restore this version").get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status").last).to_contain_text("again as it was then")
    assert _flag(world, "somebody", plan="gold") == (False, '{"steps": 3}')
    assert _flag(world, "kim", plan="gold") == (True, "only for kim")


def test_two_people_who_edit_at_once_learn_of_each_other(new_world: NewWorld, new_person: NewPerson) -> None:
    world = new_world()
    feature = world.feature("banner", initial_value="Hello")
    one, two = world.log_in(new_person()), world.log_in(new_person())
    for person in (one, two):
        person.goto(world.path(f"features?feature={feature['id']}&tab=value"))
    one.get_by_label("Value (optional)").fill("From one")
    two.get_by_label("Value (optional)").fill("From two")

    one.get_by_role("button", name="Save in Production").click()
    expect(one.get_by_role("status").last).to_contain_text("banner saved in Production.")
    two.get_by_role("button", name="Save in Production").click()

    expect(two.get_by_role("alert").first).to_contain_text("Kim Doe changed this while you were editing")
    expect(two.get_by_role("alert").first).to_contain_text("From one")
    expect(two.get_by_label("Value (optional)")).to_have_value("From two")
    assert _flag(world, "kim")[1] == "From one"
    two.get_by_role("button", name="Save mine over it").click()
    expect(two.get_by_role("status").last).to_contain_text("banner saved in Production.")
    assert _flag(world, "kim")[1] == "From two"


def test_the_list_needs_no_mouse(new_world: NewWorld, new_person: NewPerson) -> None:
    world = new_world()
    for name in ("alpha", "beta", "gamma"):
        world.feature(name)
    page = world.log_in(new_person())
    page.goto(world.path())

    page.keyboard.press("/")
    page.keyboard.type("bet")
    expect(page.locator(".feature-name > a")).to_have_text(["beta"])
    page.wait_for_url("**search=bet**")
    _tab_to(page, "beta in Production")
    page.keyboard.press("Space")
    expect(page.get_by_role("dialog")).to_contain_text("Switch beta on in Production?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("switch", name="beta in Production")).to_have_attribute("aria-checked", "true")
    assert _enabled(world) == {"alpha": False, "beta": True, "gamma": False}

    page.locator(".feature-name > a").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="beta")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="beta")).to_have_count(0)
    expect(page.locator(".feature-name > a")).to_have_text(["beta"])
    page.keyboard.press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()


def test_many_are_switched_together(new_world: NewWorld, new_person: NewPerson) -> None:
    world = new_world()
    for name in ("alpha", "beta", "gamma"):
        world.feature(name)
    page = world.log_in(new_person(viewport={"width": 375, "height": 800}))
    page.goto(world.path("features?sort=name"))

    expect(page.get_by_role("button", name="Switch on")).to_have_count(0)
    page.get_by_label("Choose alpha").check()
    page.get_by_label("Choose gamma").check()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch on").click()

    expect(page.get_by_role("status").last).to_contain_text("2 features switched on in Production.")
    assert _enabled(world) == {"alpha": True, "beta": False, "gamma": True}
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_overrides_are_dragged_into_order(new_world: NewWorld, new_person: NewPerson) -> None:
    world = new_world()
    feature = world.feature("banner")
    for name in ("first", "second"):
        segment = _segment(world, name, "plan", "gold")
        override = {"feature_segment": {"segment": segment["id"]}, "enabled": True, "feature_state_value": _text(name)}
        world.post(f"environments/{world.key}/features/{feature['id']}/create-segment-override/", override)
    page = world.log_in(new_person())
    page.goto(world.path(f"features?feature={feature['id']}&tab=segment-overrides"))

    page.locator(".override-handle").nth(1).drag_to(page.locator(".override").nth(0), target_position={"x": 60, "y": 4})
    expect(page.locator(".override strong")).to_have_text(["second", "first"])
    page.get_by_role("button", name="Save in Production").click()
    expect(page.get_by_role("status").last).to_contain_text("saved in Production.")
    assert _flag(world, "somebody", plan="gold") == (True, "second")


def test_the_panel_reads_without_scripts(new_world: NewWorld, new_person: NewPerson) -> None:
    world = new_world()
    world.feature("banner", initial_value="Hello", description="On top of each page")
    page = world.log_in(new_person(java_script_enabled=False))

    page.goto(world.path())
    page.get_by_role("link", name="banner").click()
    expect(page.get_by_label("Value (optional)")).to_have_value("Hello")
    page.get_by_role("dialog").get_by_role("link", name="Settings").click()
    expect(page.get_by_label("Description")).to_have_value("On top of each page")
    page.get_by_role("link", name="Close").click()
    expect(page.locator(".feature-name > a")).to_have_text(["banner"])


def _tab_to(page: Page, name: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def _segment(world: World, name: str, trait: str, value: str) -> Any:
    condition = {"operator": "EQUAL", "property": trait, "value": value}
    rules = [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [condition]}], "conditions": []}]
    body = {"name": name, "project": world.project_id, "rules": rules}
    return world.post(f"projects/{world.project_id}/segments/", body)


def _flag(world: World, identifier: str, **traits: str) -> tuple[bool, Any]:
    """What an SDK gets for the only feature of the project."""
    body = {"identifier": identifier, "traits": [{"trait_key": key, "trait_value": traits[key]} for key in traits]}
    answer = world.api.post("identities/", json=body, headers={"X-Environment-Key": world.key})
    [flag] = answer.json()["flags"]
    return flag["enabled"], flag["feature_state_value"]


def _enabled(world: World) -> dict[str, bool]:
    flags = world.api.get("flags/", headers={"X-Environment-Key": world.key}).json()
    return {flag["feature"]["name"]: flag["enabled"] for flag in flags}


def _text(value: str) -> dict[str, Any]:
    return {"type": "unicode", "string_value": value, "integer_value": None, "boolean_value": None}
