"""Webhooks as administrators add, try and follow them."""

import pytest
from django.test import override_settings

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.receivers import receiver
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.config import Config
from vexil.controlplane.db.models import Membership, Webhook, WebhookDelivery
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT

URL = "https://93.184.216.34/hook"


def paths(scene: Scene) -> dict[str, str]:
    return {
        "environment": f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/webhooks",
        "organisation": f"/organisation/{scene.project.organisation_id}/webhooks",
    }


@pytest.mark.parametrize("level", ["environment", "organisation"])
def test_a_webhook_is_added_changed_and_deleted(scene: Scene, admin: Pages, level: str) -> None:
    path = paths(scene)[level]
    empty = admin.get(path)
    admin.post(path, {"url": URL, "secret": "s3cret", "enabled": "on"})
    webhook = Webhook.objects.get()
    admin.post(f"{path}/{webhook.pk}", {"url": f"{URL}/2", "secret": "s3cret"})
    changed = Webhook.objects.get()
    admin.post(f"{path}/{webhook.pk}/delete")

    assert empty.texts(".empty h2") == ["No webhooks yet"]
    assert (webhook.url, webhook.secret, webhook.enabled) == (URL, "s3cret", True)
    assert (changed.url, changed.enabled) == (f"{URL}/2", False)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1/", "This leads to an internal or private address, which is not called."),
        ("ftp://93.184.216.34/", "Only http and https URLs are called."),
        ("nonsense here", "Enter a valid URL."),
    ],
)
def test_a_bad_url_is_told_beside_the_field(scene: Scene, admin: Pages, url: str, told: str) -> None:
    page = admin.post(paths(scene)["organisation"], {"url": url, "secret": "", "enabled": "on"})

    assert (page.status, page.texts(".error")) == (422, [told])
    assert page.attributes("[name=url]", "value") == [url]


def test_an_example_is_sent_and_its_answer_told(scene: Scene, admin: Pages) -> None:
    path = paths(scene)["environment"]
    with receiver() as kept, override_settings(VEXIL=Config(webhooks_may_be_internal=True)):
        admin.post(path, {"url": kept.url, "secret": "s3cret", "enabled": "on"})
        webhook = Webhook.objects.get()
        admin.post(f"{path}/{webhook.pk}/try")
        good = admin.get(f"{path}/{webhook.pk}")
        kept.status = 500
        admin.post(f"{path}/{webhook.pk}/try")
        bad = admin.get(f"{path}/{webhook.pk}")

    assert "The receiver answered 200." in good.text
    assert "The receiver answered 500: fine" in bad.text
    assert [("x-flagsmith-signature" in headers) for headers in kept.headers] == [True, True]


def test_messages_are_listed_and_sent_again(scene: Scene, admin: Pages) -> None:
    path = paths(scene)["environment"]
    admin.post(path, {"url": URL, "secret": "", "enabled": "on"})
    webhook = Webhook.objects.get()
    sent = WebhookDelivery.objects.create(
        webhook=webhook, event_type="FLAG_UPDATED", body='{"a": "<b>"}', status="FAILED", error="no answer"
    )

    page = admin.get(f"{path}/{webhook.pk}")
    admin.post(f"{path}/{webhook.pk}/deliveries/{sent.pk}/replay")
    foreign = admin.post(f"{paths(scene)['organisation']}/{webhook.pk}/deliveries/{sent.pk}/replay")

    assert page.texts("summary.strong") == ["FLAG_UPDATED"]
    assert page.texts("td pre") == ['{"a": "<b>"}']
    assert WebhookDelivery.objects.filter(replay_of=sent).count() == 1
    assert foreign.status == 404


def test_webhooks_are_for_administrators(scene: Scene) -> None:
    viewer = make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)

    assert [Pages(viewer).get(path).status for path in paths(scene).values()] == [403, 403]
