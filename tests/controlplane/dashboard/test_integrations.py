"""Integrations as people connect, follow and disconnect them."""

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.receivers import receiver
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_environment, make_user
from vexil.config import Config
from vexil.controlplane.actions import integrations as actions
from vexil.controlplane.dashboard.integration_kinds import KINDS
from vexil.controlplane.db.models import Event, Integration, Membership, WebhookDelivery
from vexil.controlplane.integrations import settings_fields
from vexil.controlplane.permissions import SYSTEM, VIEW_ENVIRONMENT, VIEW_PROJECT

URL = "https://93.184.216.34/"
KEY = "k3y-of-datadog"


def project_path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/integrations{rest}"


def environment_path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/integrations{rest}"


def organisation_path(scene: Scene, rest: str = "") -> str:
    return f"/organisation/{scene.project.organisation_id}/integrations{rest}"


def every_page(scene: Scene) -> list[str]:
    return [
        *(project_path(scene, f"/{kind}") for kind in settings_fields.OF_PROJECTS),
        *(environment_path(scene, f"/{kind}") for kind in settings_fields.OF_ENVIRONMENTS),
        *(organisation_path(scene, f"/{kind}") for kind in settings_fields.OF_ORGANISATIONS),
    ]


def test_every_integration_has_a_card_and_a_form(scene: Scene, admin: Pages) -> None:
    cards = [admin.get(project_path(scene)), admin.get(organisation_path(scene))]
    pages = [admin.get(path) for path in every_page(scene)]

    assert {title for page in cards for title in page.texts("h3")} == {kind.label for kind in KINDS.values()}
    links = {url for page in cards for url in page.attributes(".integration .card-foot a", "href")}
    assert links == set(every_page(scene))
    assert [page.status for page in pages] == [200] * len(pages)
    assert admin.get(project_path(scene, "/amplitude")).status == 404
    assert admin.get(environment_path(scene, "/slack")).texts("main .button.primary") == ["Connect Slack"]


def test_an_integration_is_connected_changed_and_disconnected(scene: Scene, admin: Pages) -> None:
    path = project_path(scene, "/datadog")
    admin.post(path, {"api_key": KEY, "base_url": URL, "use_custom_source": "on"})
    made = Integration.objects.get()
    page, listed = admin.get(path), admin.get(project_path(scene))
    admin.post(path, {"api_key": "", "base_url": f"{URL}v2"})
    changed = Integration.objects.get()
    admin.post(f"{path}/delete")

    assert (made.kind, made.project) == ("datadog", scene.project)
    assert made.settings == {"api_key": KEY, "base_url": URL, "use_custom_source": True}
    assert page.attributes("[name=base_url]", "value") == [URL]
    assert KEY not in page.response.content.decode() + listed.response.content.decode()
    assert listed.texts(".integration-spot") == ["All environments connected"]
    assert changed.settings == {"api_key": KEY, "base_url": f"{URL}v2", "use_custom_source": False}
    assert not Integration.objects.exists()
    kinds = Event.objects.order_by("pk").values_list("kind", flat=True)
    assert [kind for kind in kinds if "integration" in kind] == [
        "integration.created",
        "integration.updated",
        "integration.deleted",
    ]


@pytest.mark.parametrize(
    ("kind", "form", "told"),
    [
        ("sentry", {"webhook_url": URL, "secret": "short"}, "Ensure this value has at least 10 characters (it has 5)."),
        (
            "amplitude",
            {"api_key": "x", "base_url": "http://127.0.0.1/"},
            "This leads to an internal or private address, which is not called.",
        ),
        ("rudderstack", {"api_key": "x"}, "This field is required."),
        ("segment", {"api_key": "x", "base_url": "elsewhere/"}, "Select a valid choice. elsewhere/ is not one of"),
        ("slack", {"channel_id": "C1"}, "Slack has not let this project in yet: connect it first."),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(
    scene: Scene, admin: Pages, kind: str, form: dict[str, str], told: str
) -> None:
    page = admin.post(environment_path(scene, f"/{kind}"), form)

    assert page.status == 422
    if kind != "slack":
        assert page.texts(".error")[0].startswith(told)
    assert not Integration.objects.exists()


def test_slack_refusing_is_told_beside_the_channel(scene: Scene, admin: Pages) -> None:
    actions.keep_slack_token(scene.project, "xoxb-secret", by=SYSTEM)
    with override_settings(VEXIL=Config(slack_api_url="http://127.0.0.1:9/")):
        page = admin.post(environment_path(scene, "/slack"), {"channel_id": "C1", "enabled": "on"})

    assert page.texts(".error") == ["The host is in an internal or private network."]
    assert not Integration.objects.filter(kind="slack").exists()


def test_the_channels_of_slack_are_offered(scene: Scene, admin: Pages) -> None:
    path = environment_path(scene, "/slack")
    before = admin.fragment(f"{path}/channels").status
    actions.keep_slack_token(scene.project, "xoxb-secret", by=SYSTEM)
    with receiver() as slack:
        base = slack.url.removesuffix("hook")
        with override_settings(VEXIL=Config(slack_api_url=base, webhooks_may_be_internal=True)):
            slack.answers = {"POST /conversations.list": {"ok": True, "channels": [{"id": "C1", "name": "<b>flags"}]}}
            [url] = admin.get(path).attributes("[hx-trigger=load]", "hx-get")
            found = admin.fragment(url)
            slack.answers = {"POST /conversations.list": {"ok": False, "error": "token_revoked"}}
            refused = admin.fragment(url)

    assert before == 404
    assert admin.get(path).one("#id_channel_id")["list"] == found.one("datalist")["id"]
    assert (found.attributes("option", "value"), found.texts("option")) == (["C1"], ["#<b>flags"])
    assert "Slack did not list its channels: Slack refused: token_revoked" in refused.text


def test_an_optional_url_may_stay_empty_and_a_second_one_is_refused(scene: Scene, admin: Pages) -> None:
    admin.post(environment_path(scene, "/heap"), {"api_key": "app", "base_url": ""})

    heap = Integration.objects.get()
    assert (heap.settings, heap.environment) == ({"api_key": "app", "base_url": None}, scene.environment)


def test_messages_are_listed_and_sent_again(scene: Scene, admin: Pages) -> None:
    admin.post(environment_path(scene, "/grafana"), {"api_key": "k", "base_url": URL})
    sent = WebhookDelivery.objects.create(
        integration=Integration.objects.get(),
        event_type="change",
        body='{"a": "<b>"}',
        status="FAILED",
        response_status=403,
        error="<i>wrong key</i>",
    )

    page = admin.get(environment_path(scene, "/grafana"))
    admin.post(environment_path(scene, f"/grafana/deliveries/{sent.pk}/replay"))
    foreign = admin.post(environment_path(scene, f"/heap/deliveries/{sent.pk}/replay"))

    assert page.texts("td pre") == ['{"a": "<b>"}']
    assert page.texts("td .badge.bad") == ["failed 403"]
    assert "<i>wrong key</i>" in page.text
    assert WebhookDelivery.objects.filter(replay_of=sent, status="PENDING").count() == 1
    assert foreign.status == 404


def test_a_member_who_may_view_sees_no_secrets_and_changes_nothing(scene: Scene, admin: Pages) -> None:
    admin.post(project_path(scene, "/datadog"), {"api_key": KEY, "base_url": URL})
    viewer = make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    pages, hidden = Pages(viewer), environment_path(scene, "/heap")
    before = pages.get(hidden).status
    grant = grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)
    seen, listed = pages.get(project_path(scene, "/datadog")), pages.get(project_path(scene))
    refused = [
        pages.post(hidden, {"api_key": "x"}),
        pages.post(project_path(scene, "/datadog"), {"api_key": "x", "base_url": URL}),
        pages.post(project_path(scene, "/datadog/delete")),
        pages.post(project_path(scene, "/datadog/deliveries/1/replay")),
        pages.get(organisation_path(scene)),
        pages.get(organisation_path(scene, "/grafana")),
    ]
    grant.is_admin = True
    grant.save()

    assert before == 404
    assert (seen.texts("main .facts dd"), seen.soup.select("main form")) == ([URL], [])
    assert KEY not in seen.response.content.decode()
    assert listed.attributes(".integration .card-foot a", "href") == [project_path(scene, "/datadog")]
    assert [page.status for page in refused] == [403] * 6
    assert Integration.objects.get().settings["api_key"] == KEY
    assert pages.post(hidden, {"api_key": "x"}).status == 302


def test_ten_more_environments_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    with CaptureQueriesContext(connection) as few:
        admin.get(project_path(scene))
    for _ in range(10):
        actions.create(make_environment(scene.project), "heap", by=SYSTEM, settings={"api_key": "x"})
    with CaptureQueriesContext(connection) as many:
        page = admin.get(project_path(scene))
    with CaptureQueriesContext(connection) as one:
        admin.get(environment_path(scene, "/heap"))

    assert len(page.texts(".integration-spot")) == 10
    assert len(many) == len(few) <= 12
    assert len(one) <= 12


def test_repositories_at_github_are_added_and_taken_out(scene: Scene, admin: Pages) -> None:
    path = f"/organisation/{scene.project.organisation_id}/integrations/github"
    without = admin.get(f"{path}/repositories").status
    admin.post(path, {"installation_id": "7"})
    [url] = [url for url in admin.get(path).attributes("main a", "href") if url.endswith("/repositories")]
    form = {"repository": "https://github.com/acme/shop.git", "project": scene.project.pk, "tagging_enabled": "on"}
    wrong = admin.post(url, {**form, "repository": "shop"})
    admin.post(url, form)
    again = admin.post(url, {**form, "repository": "acme/shop"})
    page = admin.get(url)
    admin.post(page.attributes("td form", "action")[0])

    assert (without, url) == (404, f"{path}/repositories")
    assert wrong.texts(".error") == ["Write the owner and the name with a slash between them: acme/shop"]
    assert again.texts(".error") == ["This project has it already."]
    assert page.texts("tbody td")[:3] == ["acme/shop", scene.project.name, "on"]
    assert "No repositories yet" in admin.get(url).text
