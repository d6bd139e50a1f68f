"""The first minutes: an account, an organisation, a project, and back again another day."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_somebody_signs_up_and_gets_to_a_project_and_logs_in_again(new_person: Callable[..., Page]) -> None:
    page = new_person()
    page.goto("/signup")
    page.get_by_label("First name").fill("Kim")
    page.get_by_label("Last name").fill("Doe")
    page.get_by_label("E-mail").fill("kim@example.com")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("kim@example.com")

    page.get_by_label("Password").fill("correct-horse-7-battery")
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Name", exact=True).fill("Acme")
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("status")).to_contain_text("Organisation created.")
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Connect an SDK")).to_be_visible()
    page.get_by_role("link", name="To the features").click()
    expect(page.get_by_role("heading", name="Features", exact=True)).to_be_visible()

    page.get_by_label("Account").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("E-mail").fill("kim@example.com")
    page.get_by_label("Password").fill("correct-horse-7-battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Shop")).to_be_visible()
