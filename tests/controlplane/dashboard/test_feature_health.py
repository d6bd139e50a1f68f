"""The tab of health, and who may tell of it."""

from urllib.parse import urlsplit

from tests.controlplane.client import AdminClient
from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import make_environment
from vexil.controlplane.db.models import HealthProvider


def test_health_is_told_shown_and_dismissed(scene: Scene) -> None:
    feature, browser, project = scene.feature("flag"), Pages(scene.admin), f"/project/{scene.project.pk}"
    settings, here = f"{project}/settings", f"{project}/environment/{scene.environment.api_key}/features"
    elsewhere = make_environment(scene.project, name="Elsewhere")

    empty = browser.get(settings)
    browser.post(f"{settings}/health-providers/add", {"name": "Webhook"})
    url = str(browser.get(settings).one("[data-copy*=feature-health]")["data-copy"])
    links = [{"title": "Graph", "url": "https://g.example.com/"}, {"title": "Trap", "url": "javascript:alert(1)"}]
    reason = {"text_blocks": [{"title": "Errors", "text": "4 %"}], "url_blocks": links}
    message = {"feature": "flag", "status": "unhealthy", "environment": scene.environment.name, "reason": reason}
    AdminClient().post(urlsplit(url).path, message)
    listed = browser.get(here)
    tab = browser.get(f"{here}?feature={feature.pk}&tab=health")
    other = browser.get(f"{project}/environment/{elsewhere.api_key}/features?feature={feature.pk}&tab=health")
    dismiss = str(tab.one("form[action$=dismiss]")["action"])
    dismissed = browser.post_fragment(dismiss)
    browser.post(f"{settings}/health-providers/Webhook/remove")

    assert "Nobody tells yet" in empty.text
    assert "unhealthy" in listed.texts(f"#feature-{feature.pk} .badge")
    assert "Errors 4 %" in tab.text
    assert tab.attributes(".panel-body a", "href") == ["https://g.example.com/"]
    assert "Nothing was told" in other.text
    assert "Dismissed by" in dismissed.text
    assert dismissed.response.headers["HX-Trigger"] == "features-changed"
    assert "unhealthy" not in browser.get(here).texts(f"#feature-{feature.pk} .badge")
    assert HealthProvider.objects.count() == 0
