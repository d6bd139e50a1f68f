"""What holds on every page there is: who gets in, what is escaped, what forms need, and how much is asked of the
database. A new page is walked as soon as it is in the table of addresses.
"""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scripts.screenshots.pages import PAGES
from scripts.screenshots.pages import PUBLIC as PUBLIC_PAGES
from tests.controlplane.dashboard.client import Page, Pages
from tests.controlplane.dashboard.everything import MARKUP, ROUTES, Everything, add_rows, make_everything
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_organisation, make_user
from vexil.controlplane.db.models import Event, Invite, InviteLink, Membership, User
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT

PUBLIC = {
    "account-move",
    "activate",
    "home",
    "join",
    "join-link",
    "login",
    "login-code",
    "logout",
    "manual",
    "manual-page",
    "operators",
    "operators-login",
    "password-choose",
    "password-forgotten",
    "signup",
    "welcome",
}
ONLY_LOOKING = {"segments-check", "features-check", "features-value-changes", "compare-preview"}
"""Posts that change nothing, because what they look at is too long for an address."""
STATEMENTS_MAX = 12
PARAMETERS = """
    search q page tab sort feature environment project period sdk kind left right source target redirect state tags
    identity other segment value sample
"""
QUERY = dict.fromkeys(PARAMETERS.split(), MARKUP)


def in_places() -> list[str]:
    """Pages within an organisation or a project."""
    return [name for name, route in ROUTES.items() if str(route.pattern).startswith(("organisation/", "project/"))]


def test_who_is_not_logged_in_is_asked_to(scene: Scene) -> None:
    everything, nobody = make_everything(scene), Pages()

    open_to_all = {
        name
        for name in ROUTES
        for answer in (nobody.get(everything.address(name)), nobody.post(everything.address(name)))
        if not (answer.status == 302 and answer.location.startswith("/login?redirect="))
    }

    assert open_to_all == PUBLIC


def test_strangers_find_nothing(scene: Scene) -> None:
    everything, stranger = make_everything(scene), make_user()
    make_organisation(admin=stranger)
    pages, before = Pages(stranger), Event.objects.count()

    answers = {name: _both(pages, everything.address(name)) for name in in_places()}

    assert {name: both for name, both in answers.items() if not (404 in both and both <= {404, 405})} == {}
    assert Event.objects.count() == before


def test_who_may_only_look_changes_nothing(scene: Scene) -> None:
    everything, pages = make_everything(scene), Pages(_viewer(scene))
    before = Event.objects.count()

    answers = {name: pages.post(everything.address(name), {"confirm_name": MARKUP}).status for name in in_places()}

    taken = {name for name, status in answers.items() if status not in {403, 404, 405}}
    assert taken <= ONLY_LOOKING
    assert Event.objects.count() == before


def test_forms_without_a_token_are_refused(scene: Scene) -> None:
    everything, browser = make_everything(scene), Client(enforce_csrf_checks=True, headers={"Host": "localhost"})
    browser.force_login(scene.admin)
    before = Event.objects.count()

    answers = {name: browser.post(everything.address(name)).status_code for name in ROUTES}

    assert {name: status for name, status in answers.items() if status != 403} == {}
    assert Event.objects.count() == before


@pytest.fixture
def on_one_database(database: str) -> None:
    """For walks that take long and are about what is written, not about where from."""
    if database != "sqlite":
        pytest.skip("templates do not know the database")


@pytest.mark.usefixtures("on_one_database")
def test_markup_in_names_and_in_addresses_is_shown_as_text(scene: Scene) -> None:
    everything, admin = make_everything(scene), Pages(_superuser(scene))

    shown = 0
    for name, page in _pages(everything, admin):
        assert _foreign_elements(page) == [], name
        shown += "<script>alert(1)</script>" in page.text
    for name, page in _pages(everything, admin, QUERY):
        assert _foreign_elements(page) == [], name

    assert shown > 30


@pytest.mark.usefixtures("on_one_database")
def test_markup_is_text_on_the_pages_of_those_who_are_not_logged_in(scene: Scene) -> None:
    everything = make_everything(scene)
    invite, link = Invite.objects.latest("pk"), InviteLink.objects.latest("pk")
    addresses = {name: everything.address(name) for name in PUBLIC - {"home", "logout"}}
    addresses |= {"invited": f"/invite/{invite.hash}", "linked": f"/invite-link/{link.hash}"}

    shown = sum(_typed_markup(address) for address in addresses.values())

    assert shown >= 4  # the organisation on both invites, and what was typed into the forms


@pytest.mark.usefixtures("on_one_database")
def test_markup_is_text_on_the_first_page_of_an_installation() -> None:
    assert _typed_markup("/welcome") == 1


def test_no_page_asks_more_of_the_database_for_more_rows(scene: Scene) -> None:
    everything, admin = make_everything(scene), Pages(_superuser(scene))
    add_rows(scene, 2)
    _statements(everything, admin)
    few = _statements(everything, admin)
    add_rows(scene, 20)
    many = _statements(everything, admin)

    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}
    assert {name: count for name, count in many.items() if count > STATEMENTS_MAX} == {}


@pytest.mark.usefixtures("on_one_database")
def test_pages_may_not_be_framed_and_run_no_scripts_but_ours(scene: Scene) -> None:
    everything, admin = make_everything(scene), Pages(_superuser(scene))

    for name, page in _pages(everything, admin):
        policy = page.response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert page.soup.select("[style], [onclick], [onload], style") == [], name


@pytest.mark.usefixtures("on_one_database")
def test_every_page_has_a_picture(scene: Scene) -> None:
    everything, admin = make_everything(scene), Pages(_superuser(scene))
    whole = {
        name
        for browser in (admin, Pages())
        for name, page in _pages(everything, browser)
        if page.status == 200 and page.soup.select("html")
    }

    pictures = {name.partition(".")[0] for name in (*PAGES, *PUBLIC_PAGES)}

    assert pictures == whole


def test_the_settings_are_fit_to_be_deployed() -> None:
    found = checks.run_checks(include_deployment_checks=True)

    assert [message for message in found if not message.is_silenced()] == []
    assert (settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE) == (True, "Lax")


def _typed_markup(address: str) -> int:
    """Look, with markup in the query as well, and send it in every field; how many answers show it as text."""
    pages = Pages()
    with CaptureQueriesContext(connection) as statements:
        page = pages.get(address)
    assert len(statements) <= STATEMENTS_MAX, address
    fields = page.attributes("main form [name]:not([type=hidden])", "name")
    answers = [page, pages.get(address, QUERY), pages.post(address, dict.fromkeys(fields, MARKUP))]
    for answer in answers:
        assert _foreign_elements(answer) == [], address
        assert answer.status < 500, address
    values = [*answers[-1].attributes("input", "value"), *(answer.text for answer in answers)]
    return any(MARKUP in value for value in values)


def _both(pages: Pages, address: str) -> set[int]:
    return {pages.get(address).status, pages.post(address).status}


def _pages(everything: Everything, pages: Pages, query: dict[str, str] | None = None) -> Iterator[tuple[str, Page]]:
    """All that can be looked at."""
    for name in ROUTES:
        page = pages.get(everything.address(name), query)
        assert page.status < 500, name
        if page.status in {200, 404} and page.response.headers["Content-Type"].startswith("text/html"):
            yield name, page


def _statements(everything: Everything, pages: Pages) -> dict[str, int]:
    counts = {}
    for name in ROUTES:
        with CaptureQueriesContext(connection) as statements:
            status = pages.get(everything.address(name)).status
        if status == 200:
            counts[name] = len(statements)
    return counts


def _foreign_elements(page: Page) -> list[str]:
    """What is on the page and not of ours: markup that somebody typed, and templates in it that were run."""
    found = [str(element) for element in page.soup.select("script:not([src]), img, [onerror], main b, main i")]
    return [*found, *(["a template was run"] if "<img src=x onerror=alert(1)>14" in page.text else [])]


def _superuser(scene: Scene) -> User:
    scene.admin.is_superuser = True
    scene.admin.save()
    return scene.admin


def _viewer(scene: Scene) -> User:
    viewer = make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)
    return viewer
