"""The first page, and connecting a program."""

from datetime import UTC, datetime

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene, at_once
from vexil.controlplane.actions import first_run
from vexil.controlplane.actions.first_run import Beginning, UsersExist
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, FeatureState, Organisation, User
from vexil.stores.evaluations import FirstEvaluation

FORM = {
    "first_name": "Ada",
    "last_name": "L",
    "email": "Ada@example.com",
    "password": "correct-horse-7-battery",
    "organisation": "Acme",
    "project": "Shop",
}


def test_the_first_page_makes_all_that_a_flag_needs(pages: Pages) -> None:
    away = pages.get("/")
    page = pages.post("/welcome", FORM)

    environment = Environment.live.get(name="Development")
    assert away.location == "/welcome"
    assert page.location == f"/project/{environment.project_id}/environment/{environment.api_key}/getting-started"
    assert [(user.email, user.is_superuser) for user in User.objects.all()] == [("ada@example.com", True)]
    states = FeatureState.live.order_by("environment_id").values_list("environment__name", "enabled")
    assert list(states) == [("Development", True), ("Production", False)]
    assert pages.get(page.location).status == 200


def test_a_refused_password_makes_nothing_and_keeps_the_rest(pages: Pages) -> None:
    page = pages.post("/welcome", {**FORM, "password": "password"})

    assert page.status == 422
    assert page.texts(".error") == ["This password is too common."]
    assert page.attributes("[name=organisation]", "value") == ["Acme"]
    assert [User.objects.count(), Organisation.objects.count()] == [0, 0]


def test_there_is_only_one_first(scene: Scene, pages: Pages) -> None:
    page = pages.post("/welcome", FORM)

    assert page.location == "/login"
    assert not User.objects.filter(email="ada@example.com").exists()


def test_of_two_who_begin_at_once_one_is_first() -> None:
    def begin(number: int) -> str:
        try:
            user, _ = first_run.begin(Beginning(**{**FORM, "email": f"person{number}@example.com"}))
        except UsersExist:
            return "too late"
        return user.email

    results = at_once(lambda: begin(1), lambda: begin(2))

    assert results.count("too late") == 1
    assert User.objects.count() == Organisation.objects.count() == Feature.objects.count() == 1


def test_the_chosen_language_is_remembered(scene: Scene, admin: Pages) -> None:
    path = f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/getting-started"
    scene.feature("banner")

    chosen = admin.get(path, {"language": "go"})
    again = admin.get(path)

    for page in (chosen, again):
        assert f'flagsmith.NewClient("{scene.environment.api_key}"' in page.text
        assert 'IsFeatureEnabled("banner")' in page.text
    assert admin.get(path, {"language": "cobol"}).status == 200


def test_listening_ends_with_the_first_request(scene: Scene, admin: Pages) -> None:
    path = f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/getting-started/listen"

    before = admin.fragment(path)
    first = FirstEvaluation(datetime.now(UTC), "flagsmith-python-sdk/6.3.0")
    stores.current().evaluations.note_first({scene.environment.pk: first})
    after = admin.fragment(path)

    assert (before.status, before.texts("p.strong")) == (200, ["Listening …"])
    assert (after.status, after.texts("p.strong")) == (286, ["Connected"])
