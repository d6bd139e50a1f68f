"""Logging in to the dashboard, and what those see who have not."""

from datetime import UTC, datetime

import pyotp
import pytest
from django.test import override_settings

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import PASSWORD, make_user
from vexil.controlplane.actions import second_factors
from vexil.controlplane.db.models import User


@pytest.fixture
def user() -> User:
    return make_user(email="kim@example.com")


def test_a_page_sends_strangers_to_the_log_in_and_back(pages: Pages, user: User) -> None:
    away = pages.get("/organisations")
    back = pages.post(away.location, {"email": user.email, "password": PASSWORD, "redirect": "/organisations"})

    assert (away.status, away.location) == (302, "/login?redirect=/organisations")
    assert (back.status, back.location) == (302, "/organisations")
    assert pages.get("/organisations").status == 200


def test_a_wrong_password_is_told_above_the_form_and_keeps_the_address(pages: Pages, user: User) -> None:
    page = pages.post("/login", {"email": user.email, "password": "wrong"})

    assert page.status == 422
    assert page.texts(".notice.bad") == ["E-mail address and password do not fit together."]
    assert page.attributes("[name=email]", "value") == ["kim@example.com"]


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"],
)
def test_logging_in_never_leads_to_another_site(pages: Pages, user: User, elsewhere: str) -> None:
    page = pages.post("/login", {"email": user.email, "password": PASSWORD, "redirect": elsewhere})

    assert (page.status, page.location) == (302, "/")


def test_a_second_factor_is_asked_for_before_there_is_a_session(pages: Pages, user: User) -> None:
    secret = second_factors.begin(user)
    code = pyotp.TOTP(secret.text)
    backup = second_factors.confirm(user, code.now(), now=_now())

    first = pages.post("/login", {"email": user.email, "password": PASSWORD, "redirect": "/organisations"})
    between = pages.get("/organisations")
    wrong = pages.post("/login/code", {"code": "000000x"})
    right = pages.post("/login/code", {"code": backup[0]})

    assert (first.status, first.location) == (302, "/login/code")
    assert between.location == "/login?redirect=/organisations"
    assert (wrong.status, wrong.texts(".error")) == (
        422,
        ["This code is wrong or has expired. Codes change every 30 seconds."],
    )
    assert (right.status, right.location) == (302, "/organisations")


def test_logging_out_ends_the_session(pages: Pages, user: User) -> None:
    pages.post("/login", {"email": user.email, "password": PASSWORD})

    pages.post("/logout")

    assert pages.get("/organisations").location == "/login?redirect=/organisations"


def test_a_changed_password_ends_sessions_elsewhere(pages: Pages, user: User) -> None:
    pages.post("/login", {"email": user.email, "password": PASSWORD})
    user.set_password("another-horse-8-battery")
    user.save()

    assert pages.get("/organisations").location == "/login?redirect=/organisations"


def test_a_fragment_asked_for_without_a_session_says_so(pages: Pages) -> None:
    page = pages.fragment("/organisations")

    assert (page.status, page.response.content) == (401, b"Your session has ended.")


def test_log_ins_are_throttled_with_those_of_the_admin_api(pages: Pages, user: User) -> None:
    from django.conf import settings

    from vexil.rates import Rate

    limited = type(settings.VEXIL)(login_throttle_rate=Rate(1, 60))
    with override_settings(VEXIL=limited):
        pages.post("/login", {"email": user.email, "password": "wrong"})
        page = pages.post("/login", {"email": user.email, "password": PASSWORD})

    assert page.status == 422
    assert page.texts(".notice.bad")[0].startswith("Too many attempts from your address. Try again in ")


def test_pages_carry_the_headers_that_protect_them(pages: Pages) -> None:
    headers = pages.get("/login").response.headers

    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


def test_cookies_are_kept_from_scripts_and_secure_wherever_https_is(pages: Pages, user: User) -> None:
    form = {"email": user.email, "password": PASSWORD}
    plain = pages.post("/login", form).response.cookies["vexil_session"]
    secure = Pages().post("/login", form, X_Forwarded_Proto="https").response.cookies["vexil_session"]

    assert (plain["httponly"], plain["samesite"], plain["secure"]) == (True, "Lax", "")
    assert (secure["httponly"], secure["samesite"], secure["secure"]) == (True, "Lax", True)


def test_an_unknown_page_is_a_page_for_browsers_and_json_for_programs(pages: Pages) -> None:
    for_people = pages.get("/flags/")
    for_programs = pages.get("/flags/", Accept="*/*")
    below_api = pages.get("/api/v1/nothing/")

    assert (for_people.status, for_people.texts("h1")) == (404, ["There is nothing here"])
    assert (for_programs.status, for_programs.response.json()["detail"]) == (404, "Not found.")
    assert (below_api.status, below_api.response.json()["detail"]) == (404, "Not found.")


def test_strangers_to_an_organisation_do_not_learn_that_it_exists(scene: Scene) -> None:
    stranger = Pages(make_user(email="stranger@example.com"))
    paths = [
        f"/organisation/{scene.project.organisation_id}/projects",
        f"/project/{scene.project.pk}",
        f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features",
    ]

    assert [stranger.get(path).status for path in paths] == [404, 404, 404]


def _now() -> datetime:
    return datetime.now(UTC)
