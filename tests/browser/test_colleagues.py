"""A colleague is invited, joins, and sees what they were given and nothing else."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.organisations import PASSWORD, World


def test_a_colleague_sees_only_what_they_may(new_world: Callable[[], World], new_person: Callable[..., Page]) -> None:
    world = new_world()
    world.feature("banner")
    secret = world.post("environments/", {"name": "Secret", "project": world.project_id})
    admin = world.log_in(new_person())
    admin.goto(f"/organisation/{world.organisation_id}/permissions")
    admin.get_by_role("link", name="Invite people").click()
    admin.get_by_label("E-mail addresses").fill("no address")
    admin.get_by_role("button", name="Send invites").click()
    expect(admin.get_by_text("“no address” is no e-mail address.")).to_be_visible()
    admin.get_by_label("E-mail addresses").fill(f"lee{world.project_id}@example.com")
    admin.get_by_role("button", name="Send invites").click()
    link = admin.get_by_role("button", name="Copy link").get_attribute("data-copy") or ""

    colleague = new_person()
    colleague.goto(link)
    colleague.get_by_role("link", name="Make an account").click()
    colleague.get_by_label("First name").fill("Lee")
    colleague.get_by_label("Last name").fill("Doe")
    colleague.get_by_label("E-mail").fill(f"lee{world.project_id}@example.com")
    colleague.get_by_label("Password").fill(PASSWORD)
    colleague.get_by_role("button", name="Sign up").click()
    colleague.get_by_role("button", name="Join").click()
    expect(colleague.get_by_text("No projects yet")).to_be_visible()

    admin.goto(f"/organisation/{world.organisation_id}/permissions")
    admin.get_by_role("row", name="lee").get_by_role("link", name="Rights").click()
    admin.get_by_role("main").get_by_role("link", name="Shop").click()
    admin.get_by_label("View the project.").check()
    admin.get_by_role("button", name="Save rights").click()
    expect(admin.get_by_role("status").last).to_contain_text("saved")
    admin.get_by_role("main").get_by_role("link", name="Production").click()
    admin.get_by_label("View the environment.").check()
    admin.get_by_role("button", name="Save rights").click()
    expect(admin.get_by_role("status").last).to_contain_text("saved")

    colleague.goto(f"/project/{world.project_id}")
    expect(colleague.get_by_role("heading", name="Features", exact=True)).to_be_visible()
    expect(colleague.get_by_role("link", name="Secret")).to_have_count(0)
    expect(colleague.get_by_role("link", name="Settings")).to_have_count(0)
    expect(colleague.get_by_role("link", name="New feature")).to_have_count(0)
    colleague.goto(f"/project/{world.project_id}/environment/{secret['api_key']}/features")
    expect(colleague.get_by_role("heading", name="There is nothing here")).to_be_visible()
