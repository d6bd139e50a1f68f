"""What stands around pages: who is led elsewhere first, and what warns of usage."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import override_settings

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from vexil.controlplane.dashboard import usage_alerts
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Organisation, SecondFactor, Subscription, Tag
from vexil.controlplane.db.models.tags import TagType
from vexil.stores.usage import UsageKey


def features_path(scene: Scene) -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features"


def set_organisation(scene: Scene, **fields: bool) -> None:
    Organisation.objects.filter(pk=scene.project.organisation_id).update(**fields)


def test_an_organisation_that_insists_leads_to_two_step_log_in(scene: Scene, admin: Pages) -> None:
    before = admin.get(features_path(scene))
    set_organisation(scene, force_2fa=True)
    led, changed = (
        admin.get(features_path(scene)),
        admin.post(f"/organisation/{scene.project.organisation_id}/settings"),
    )
    part = admin.fragment(features_path(scene))
    begun = admin.post("/account/second-factor/begin")
    scripts = scene.api.get(f"projects/{scene.project.pk}/")
    SecondFactor.objects.filter(user=scene.admin).update(is_active=True)
    after = admin.get(features_path(scene))

    assert [before.status, led.status, changed.status, after.status] == [200, 403, 403, 200]
    assert led.one("h1").get_text() == f"{scene.project.organisation.name} asks for two-step log-in"
    assert led.attributes("main form", "action") == ["/account/second-factor/begin"]
    assert part.response.headers["HX-Redirect"] == f"/organisation/{scene.project.organisation_id}/projects"
    assert begun.location == "/account/second-factor"
    assert scripts.status_code == 200


def test_the_banner_tells_of_a_blocked_organisation(scene: Scene, admin: Pages) -> None:
    quiet = admin.get(features_path(scene))
    set_organisation(scene, stop_serving_flags=True)
    stopped = admin.get(features_path(scene))
    set_organisation(scene, block_access_to_admin=True)
    blocked = admin.get(features_path(scene))

    assert quiet.texts(".banner") == []
    assert "an operator stopped serving them" in stopped.one(".banner.bad").get_text()
    assert "is blocked: it made more API requests" in blocked.one(".banner.bad").get_text()
    assert blocked.attributes(".banner a", "href") == [f"/organisation/{scene.project.organisation_id}/usage"]


@pytest.mark.parametrize(
    ("requests", "banners"), [(69, []), (70, ["has used 70 %"]), (99, ["has used 99 %"]), (130, ["has used 130 %"])]
)
def test_the_banner_tells_of_usage_from_70_percent_on(
    scene: Scene, admin: Pages, requests: int, banners: list[str]
) -> None:
    organisation = scene.project.organisation
    Subscription.objects.filter(organisation=organisation).update(max_api_calls=100)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    stores.current().usage.add({UsageKey(scene.environment.pk, "flags", hour, ""): requests})
    usage_alerts.forget()

    without = admin.get(features_path(scene))
    with override_settings(VEXIL=replace(settings.VEXIL, billing=True)):
        page = admin.get(features_path(scene))

    assert without.texts(".banner") == []
    assert [
        text.removeprefix(organisation.name)[1 : len(banner) + 1]
        for text, banner in zip(page.texts(".banner"), banners, strict=True)
    ] == banners
    assert len(page.texts(".banner.bad")) == (requests >= 100)


def test_a_row_leads_to_its_lines_in_the_audit_log_and_shows_that_it_is_unhealthy(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag & more")
    sick = Tag.objects.create(project=scene.project, label="Unhealthy", type=TagType.UNHEALTHY, is_system_tag=True)
    feature.tags.add(sick)
    admin.post(f"{features_path(scene)}/{feature.pk}/enabled", {"enabled": "true"})
    page = admin.get(features_path(scene))
    [url] = [url for url in page.attributes("a", "href") if "audit-log?" in url]

    assert page.texts(".feature-marks .badge.bad") == ["unhealthy"]
    assert page.texts(".feature-marks .tag") == []
    assert [text for text in admin.get(url).texts("td.audit-what") if "flag & more" in text]


def test_a_form_that_comes_back_warns_before_it_is_left(scene: Scene, admin: Pages) -> None:
    path = f"{features_path(scene)}/create"
    fresh, another = admin.get(path), admin.post(path, {"name": "new", "another": "variation"})

    assert fresh.attributes("main form[data-guard]", "data-guard") == [""]
    assert another.attributes("main form[data-guard]", "data-guard") == ["unsaved"]
