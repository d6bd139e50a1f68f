"""One's own account."""

from datetime import UTC, datetime

import pyotp
import pytest

from tests.controlplane.dashboard.client import Pages
from tests.factories import PASSWORD, make_user
from vexil.controlplane.actions import second_factors
from vexil.controlplane.actions.users import token_of
from vexil.controlplane.db.models import Organisation, User
from vexil.controlplane.queries import account_links
from vexil.controlplane.queries import second_factors as factors

NEW_PASSWORD = "another-horse-8-battery"


@pytest.fixture
def kim() -> User:
    return make_user(email="kim@example.com")


@pytest.fixture
def browser(kim: User) -> Pages:
    return Pages(kim)


def test_names_are_saved(browser: Pages, kim: User) -> None:
    browser.post("/account", {"which": "names", "first_name": "Kim", "last_name": "Possible"})

    assert User.objects.values_list("first_name", "last_name").get(pk=kim.pk) == ("Kim", "Possible")


def test_address_and_password_change_only_with_the_password(browser: Pages, kim: User) -> None:
    wrong = browser.post("/account", {"which": "address", "new_email": "new@example.com", "current_password": "x"})
    browser.post("/account", {"which": "address", "new_email": "New@example.com", "current_password": PASSWORD})
    weak = browser.post(
        "/account", {"which": "password", "current_password": PASSWORD, "new_password": "1234", "repeated": "1234"}
    )
    form = {"which": "password", "current_password": PASSWORD, "new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    browser.post("/account", form)

    changed = User.objects.get(pk=kim.pk)
    assert (wrong.status, wrong.texts(".error")) == (422, ["This is not your password."])
    assert weak.status == 422
    assert "This password is too short." in weak.text
    assert (changed.email, changed.check_password(NEW_PASSWORD)) == ("new@example.com", True)
    assert browser.get("/account").status == 200


def test_a_taken_address_is_told_beside_the_field(browser: Pages) -> None:
    make_user(email="lee@example.com")

    page = browser.post("/account", {"which": "address", "new_email": "lee@example.com", "current_password": PASSWORD})

    assert page.texts("#address_new_email_error") == ["Feature flag admin user with this email already exists."]


def test_the_second_factor_is_set_up_and_left(browser: Pages, kim: User) -> None:
    browser.post("/account/second-factor/begin")
    page = browser.get("/account/second-factor")
    secret = page.texts("p code")[0]
    wrong = browser.post("/account/second-factor", {"code": "000000x"})
    done = browser.post("/account/second-factor", {"code": pyotp.TOTP(secret).now()})
    codes = done.texts("#backup-codes")[0].split()

    assert page.soup.select_one("svg.qr") is not None
    assert page.soup.select("svg.qr [style], svg.qr style") == []
    assert wrong.status == 422
    assert len(codes) == 5
    assert browser.get("/account/second-factor").location == "/account"
    assert factors.has_one(kim)

    browser.post("/account/second-factor/leave", {"current_password": "wrong"})
    still = factors.has_one(kim)
    browser.post("/account/second-factor/leave", {"current_password": PASSWORD})
    assert (still, factors.has_one(kim)) == (True, False)


def test_a_second_factor_that_is_on_is_not_begun_again(browser: Pages, kim: User) -> None:
    secret = second_factors.begin(kim)
    second_factors.confirm(kim, pyotp.TOTP(secret.text).now(), now=datetime.now(UTC))

    assert browser.post("/account/second-factor/begin").location == "/account"
    assert browser.get("/account/second-factor").location == "/account"


def test_the_token_is_shown_and_made_worthless(browser: Pages, kim: User) -> None:
    token = token_of(kim)

    shown = browser.get("/account/token").text
    elsewhere = browser.get("/account").text
    browser.post("/account/token/invalidate")

    assert token in shown
    assert token not in elsewhere
    assert token_of(kim) != token


def test_an_account_is_deleted_with_its_own_organisations_on_request(browser: Pages, kim: User) -> None:
    browser.post("/create", {"name": "Mine"})

    browser.post("/account", {"which": "goodbye", "current_password": "wrong"})
    kept = User.objects.filter(pk=kim.pk).exists()
    gone = browser.post(
        "/account", {"which": "goodbye", "current_password": PASSWORD, "delete_orphan_organisations": "on"}
    )

    assert (kept, gone.location, User.objects.filter(pk=kim.pk).exists()) == (True, "/login", False)
    assert not Organisation.live.filter(name="Mine").exists()
    assert browser.get("/account").location == "/login?redirect=/account"


def test_mailed_links_lead_to_pages(pages: Pages) -> None:
    waiting = make_user(email="new@example.com", is_active=False)
    link = f"/activate/{account_links.ending(waiting, account_links.ACTIVATION)}"
    moving = make_user(email="old@example.com")
    move = f"/email/reset/confirm/{account_links.ending(moving, account_links.NEW_ADDRESS)}"

    visited = pages.get(link)
    still_waiting = not User.objects.get(pk=waiting.pk).is_active
    pages.post(link)
    pages.post(move, {"new_email": "moved@example.com"})

    assert (visited.status, still_waiting, User.objects.get(pk=waiting.pk).is_active) == (200, True, True)
    assert User.objects.get(pk=moving.pk).email == "moved@example.com"
    assert [pages.get(link).status, pages.get(move).status] == [404, 404]
