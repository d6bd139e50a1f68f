"""Slack, GitLab and GitHub, each played by a receiver: what they are asked, and what they are told of."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client, override_settings

from tests.controlplane.client import AdminClient
from tests.controlplane.receivers import Receiver, receiver
from tests.controlplane.scenes import Scene, json_of, make_scene
from vexil.controlplane.actions import code_references, deliveries
from vexil.controlplane.actions.code_references import Found, Scan
from vexil.controlplane.db.models import ExternalResource, Feature, Integration
from vexil.controlplane.jobs.deliveries import deliver
from vexil.controlplane.permissions import SYSTEM

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
TOKEN = "POST /app/installations/77/access_tokens"


@pytest.fixture
def kept() -> Iterator[Receiver]:
    """Slack, GitLab and GitHub at once, on loopback."""
    with ExitStack() as stack:
        playing = stack.enter_context(receiver())
        base = playing.url.removesuffix("/hook")
        configured = replace(
            settings.VEXIL,
            webhooks_may_be_internal=True,
            slack_client_id="me",
            slack_client_secret="s",
            slack_api_url=f"{base}/slack/",
            github_app_id="12",
            github_pem=PEM,
            github_api_url=base,
            github_webhook_secret="gh",
        )
        stack.enter_context(override_settings(VEXIL=configured))
        playing.url = base
        yield playing


def test_slack_gives_a_token_and_changes_are_posted_in_the_channel(kept: Receiver) -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/"
    kept.answers = {
        "POST /slack/oauth.v2.access": {"ok": True, "access_token": "xoxb-1"},
        "POST /slack/conversations.join": {"ok": True},
        "POST /slack/conversations.list": {
            "ok": True,
            "channels": [{"id": "C1", "name": "flags"}],
            "response_metadata": {"next_cursor": "next"},
        },
        "POST /slack/chat.postMessage": {"ok": True},
    }
    without = json_of(scene.api.post(f"{path}slack/", {"channel_id": "C1"}), 400)

    back = allow_slack(scene, path)
    channels = json_of(scene.api.get(f"{path}slack-channels/?limit=5"))
    made = json_of(scene.api.post(f"{path}slack/", {"channel_id": "C1"}), 201)
    toggle(scene, scene.feature("banner"))
    send_all()
    json_of(scene.api.patch(f"{path}slack/{made['id']}/", {"enabled": False}))
    toggle(scene, scene.feature("search"))
    send_all()

    assert without == {"detail": "Slack api token not found. Please generate the token using oauth"}
    assert back == "https://dashboard.example.com/here"
    assert channels == {"cursor": "next", "channels": [{"channel_name": "flags", "channel_id": "C1"}]}
    assert made == {"id": made["id"], "channel_id": "C1", "enabled": True}
    posted = json.loads(kept.bodies[-1])
    assert kept.requests.count("POST /slack/chat.postMessage") == 1
    assert (kept.headers[-1]["authorization"], posted["channel"], posted["text"]) == (
        "Bearer xoxb-1",
        "C1",
        "Flag state updated for feature: banner",
    )


def test_what_slack_refuses_has_failed_though_it_answers_200(kept: Receiver) -> None:
    scene = make_scene()
    Integration.objects.create(kind="slack-token", project=scene.project, settings={"api_token": "x"})
    path = f"environments/{scene.environment.api_key}/integrations/slack/"
    kept.answers["POST /slack/conversations.join"] = {"ok": False, "error": "is_archived"}
    refused = json_of(scene.api.post(path, {"channel_id": "C1"}), 400)
    kept.answers["POST /slack/conversations.join"] = {"ok": True}
    kept.answers["POST /slack/chat.postMessage"] = {"ok": False, "error": "channel_not_found"}
    made = json_of(scene.api.post(path, {"channel_id": "C1"}), 201)

    toggle(scene, scene.feature("banner"))
    send_all()

    (row,) = json_of(scene.api.get(f"{path}{made['id']}/deliveries/"))["results"]
    assert refused == {"channel_id": ["Slack refused: is_archived"]}
    assert (row["status"], row["error"]) == ("FAILED", "channel_not_found")


def test_slack_is_entered_only_by_who_started_in_this_browser(kept: Receiver) -> None:
    scene = make_scene()
    path = f"/api/v1/environments/{scene.environment.api_key}/integrations/slack/"
    browser = Client(headers={"Host": "localhost"})

    forged = browser.get(f"{path}oauth/?redirect_url=https://x.example/&signature=forged")
    stranger = browser.get(f"{path}callback/?code=c&state=forged")
    with override_settings(VEXIL=replace(settings.VEXIL, slack_client_id="")):
        signature = json_of(scene.api.get(f"{path}signature/"))["signature"]
        unset = browser.get(f"{path}oauth/?redirect_url=https://x.example/&signature={signature}")

    assert (forged.status_code, stranger.status_code, kept.requests) == (403, 403, [])
    assert (unset.status_code, unset.json()["detail"]) == (400, "Slack is not configured: set SLACK_CLIENT_ID.")


def test_gitlab_is_browsed_and_told_of_linked_features(kept: Receiver) -> None:
    scene = make_scene()
    feature = scene.feature("banner")
    body = {"gitlab_instance_url": kept.url, "access_token": "glpat", "labeling_enabled": True}
    none = json_of(scene.api.get(f"projects/{scene.project.pk}/gitlab/projects/"), 400)
    made = json_of(scene.api.post(f"projects/{scene.project.pk}/integrations/gitlab/", body), 201)
    issue = {"web_url": "https://x", "id": 1, "title": "Banner", "iid": 3, "state": "opened"}
    kept.answers["GET /api/v4/projects/5/issues"] = [{**issue, "more": 1}]
    links = f"projects/{scene.project.pk}/features/{feature.pk}/feature-external-resources/"

    found = json_of(scene.api.get(f"projects/{scene.project.pk}/gitlab/issues/?gitlab_project_id=5&search_text=ban"))
    url = "https://gitlab.example.com/shop/web/-/issues/3"
    linked = json_of(scene.api.post(links, {"url": url, "type": "GITLAB_ISSUE"}), 201)
    toggle(scene, feature)
    send_all()
    json_of(scene.api.delete(f"{links}{linked['id']}/"), 204)
    send_all()

    assert none == {"detail": "This project has no GitLab configuration"}
    assert made == {**body, "id": made["id"], "access_token": "write-only"}
    assert found == {"count": 0, "next": None, "previous": None, "results": [issue]}
    assert linked == {"id": linked["id"], "url": url, "type": "GITLAB_ISSUE", "metadata": None, "feature": feature.pk}
    own = "/api/v4/projects/shop%2Fweb/issues/3"
    assert kept.requests == [
        "GET /api/v4/projects/5/issues?page=1&per_page=100&state=opened&search=ban",
        f"POST {own}/notes",
        f"PUT {own}",
        f"POST {own}/notes",
        f"POST {own}/notes",
        f"PUT {own}",
    ]
    assert {headers["private-token"] for headers in kept.headers} == {"glpat"}
    assert json.loads(kept.bodies[3])["body"] == (
        f"**banner** in **{scene.environment.name}**: Flag state updated for feature: banner "
        f"(by {scene.admin.email}). It is enabled now."
    )
    assert [json.loads(kept.bodies[at]) for at in (2, 5)] == [
        {"add_labels": "Feature Flag"},
        {"remove_labels": "Feature Flag"},
    ]


def test_github_comments_with_a_token_of_the_installation(kept: Receiver) -> None:
    scene = make_scene()
    feature = scene.feature("banner")
    repositories = add_github(scene)
    repository = {"project": scene.project.pk, "repository_owner": "shop", "repository_name": "web"}
    json_of(scene.api.post(repositories, {**repository, "tagging_enabled": True}), 201)
    kept.answers[TOKEN] = {"token": "ghs"}
    links = f"projects/{scene.project.pk}/features/{feature.pk}/feature-external-resources/"

    again = json_of(scene.api.post(repositories, repository), 400)
    foreign = make_scene().project.pk
    elsewhere = json_of(scene.api.post(repositories, {**repository, "project": foreign}), 400)
    unknown = json_of(scene.api.post(links, link("https://github.com/shop/other/pull/9")), 400)
    unfit = json_of(scene.api.post(links, link("https://github.com/shop/web/issues/9")), 400)
    json_of(scene.api.post(links, link("https://github.com/shop/web/pull/9")), 201)
    twice = json_of(scene.api.post(links, link("https://github.com/shop/web/pull/9")), 400)
    send_all()

    assert again == ["Duplication error. The GitHub repository already linked"]
    assert elsewhere == {"project": [f'Invalid pk "{foreign}" - object does not exist.']}
    assert unknown == {"detail": "This Project doesn't have a valid GitHub integration configuration"}
    assert unfit == {"detail": "Invalid GitHub Issue/PR URL"}
    assert twice == {"non_field_errors": ["The fields feature, url must make a unique set."]}
    own = "POST /repos/shop/web/issues/9"
    assert kept.requests == [TOKEN, f"{own}/comments", TOKEN, f"{own}/labels"]
    claims = jwt.decode(kept.headers[0]["authorization"].split()[1], KEY.public_key(), algorithms=["RS256"])
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("12", 600)
    assert [headers["authorization"] for headers in kept.headers][1::2] == ["Bearer ghs"] * 2
    assert json.loads(kept.bodies[3]) == {"labels": ["Feature Flag"]}


def test_github_is_searched_and_says_what_is_missing(kept: Receiver) -> None:
    scene = make_scene()
    path = f"organisations/{scene.project.organisation_id}/github/"
    none = json_of(scene.api.get(f"{path}pulls/?repo_owner=shop&repo_name=web"), 400)
    add_github(scene)
    kept.answers[TOKEN] = {"token": "ghs"}
    pull = {"html_url": "https://x", "id": 1, "title": "Banner", "number": 9}
    kept.answers["GET /search/issues"] = {"items": [{**pull, "more": 1}], "total_count": 1, "incomplete_results": False}
    kept.answers["GET /installation/repositories"] = {
        "repositories": [{"full_name": "shop/web", "id": 2, "name": "web", "more": 1}],
        "total_count": 1,
    }

    found = json_of(scene.api.get(f"{path}pulls/?repo_owner=shop&repo_name=web&search_text=ban"))
    installed = json_of(scene.api.get(f"{path}repositories/?installation_id=77"))
    bad = json_of(scene.api.get(f"{path}issues/"), 400)
    with override_settings(VEXIL=replace(settings.VEXIL, github_pem="")):
        unset = json_of(scene.api.get(f"{path}repositories/?installation_id=77"), 400)
    kept.status = 500
    away = json_of(scene.api.get(f"{path}repositories/?installation_id=77"), 502)

    assert none == {"detail": "This Organisation doesn't have a valid GitHub Configuration"}
    assert found == {"results": [pull], "count": 1, "incomplete_results": False}
    assert quote("ban repo:shop/web is:pr is:open in:title in:body", safe="").replace("%20", "+") in kept.requests[1]
    assert installed == {"repositories": [{"full_name": "shop/web", "id": 2, "name": "web"}], "total_count": 1}
    assert bad == {"error": {"repo_owner": ["This field is required."], "repo_name": ["This field is required."]}}
    assert unset == {"detail": "GitHub is not configured: set GITHUB_PEM."}
    assert away["detail"].startswith("The other service did not do it. 500")


def test_when_the_app_is_removed_at_github_the_integration_goes(kept: Receiver) -> None:
    scene = make_scene()
    feature = scene.feature("banner")
    add_github(scene)
    ExternalResource.objects.create(feature=feature, url="https://github.com/a/b/pull/1", type="GITHUB_PR")
    body = json.dumps({"action": "deleted", "installation": {"id": 77}}).encode()
    signature = "sha1=" + hmac.new(b"gh", body, hashlib.sha1).hexdigest()
    api = AdminClient()

    forged = api.post("github-webhook/", body, X_Hub_Signature="sha1=0", X_GitHub_Event="installation")
    bypassed = api.post("github-webhook/", body, X_Hub_Signature=signature, X_GitHub_Event="ping")
    left = Integration.objects.count()
    processed = api.post("github-webhook/", body, X_Hub_Signature=signature, X_GitHub_Event="installation")

    assert (json_of(forged, 400), json_of(bypassed)) == ({"error": "Invalid signature"}, {"detail": "Event bypassed"})
    assert json_of(processed) == {"detail": "Event processed"}
    assert (left, Integration.objects.count()) == (1, 0)


def test_tags_follow_the_issues_and_pull_requests_of_a_repository_that_wants_it(kept: Receiver) -> None:
    scene = make_scene()
    feature = scene.feature("banner")
    repositories = add_github(scene)
    repository = {"project": scene.project.pk, "repository_owner": "shop", "repository_name": "web"}
    row = json_of(scene.api.post(repositories, repository), 201)
    links = f"projects/{scene.project.pk}/features/{feature.pk}/feature-external-resources/"
    url = "https://github.com/shop/web/pull/9"

    linked = json_of(scene.api.post(links, {**link(url), "metadata": {"state": "open", "draft": True}}), 201)
    untagged = labels_of(feature)
    json_of(scene.api.patch(f"{repositories}{row['id']}/", {"tagging_enabled": True}))
    tagged = labels_of(feature)
    pull = {"html_url": url, "state": "closed", "merged": True, "draft": False, "title": "Banner"}
    told = told_by_github("pull_request", {"action": "closed", "pull_request": pull, "installation": {"id": 77}})
    merged = labels_of(feature)
    elsewhere = {"action": "reopened", "pull_request": {**pull, "state": "open"}, "installation": {"id": 78}}
    told_by_github("pull_request", elsewhere)
    issue = "https://github.com/shop/web/issues/3"
    json_of(scene.api.post(links, {"url": issue, "type": "GITHUB_ISSUE"}), 201)
    both = labels_of(feature)
    json_of(scene.api.delete(f"{links}{linked['id']}/"), 204)

    assert json_of(told) == {"detail": "Event processed"}
    assert (untagged, tagged, merged) == ([], ["PR Draft"], ["PR Merged"])
    assert both == ["Issue Open", "PR Merged"]
    assert labels_of(feature) == ["Issue Open"]
    assert {(tag.is_system_tag, tag.type) for tag in feature.tags.all()} == {(True, "GITHUB")}


def test_an_issue_asks_for_a_feature_to_be_taken_out_of_the_code(kept: Receiver) -> None:
    scene = make_scene()
    feature = scene.feature("banner")
    path = f"organisations/{scene.project.organisation_id}/github/create-cleanup-issue/"
    body = {"feature_id": feature.pk}
    unscanned = json_of(scene.api.post(path, body), 400)
    scan = Scan("https://github.com/shop/web", "github", "abc", [Found("banner", "src/app.py", 42)])
    code_references.keep_scan(scene.project, scan, now=datetime.now(UTC), by=SYSTEM)
    unconnected = json_of(scene.api.post(path, body), 400)
    repository = {"project": scene.project.pk, "repository_owner": "shop", "repository_name": "web"}
    json_of(scene.api.post(add_github(scene), repository), 201)
    url = "https://github.com/shop/web/issues/42"
    kept.answers = {
        TOKEN: {"token": "ghs"},
        "POST /repos/shop/web/issues": {"html_url": url, "title": "Remove", "state": "open", "number": 42},
    }

    json_of(scene.api.post(path, body), 204)
    bad = json_of(scene.api.post(path, {}), 400)
    unknown = json_of(scene.api.post(path, {"feature_id": 99_999_999}), 404)
    json_of(make_scene().api.post(path, body), 403)

    assert unscanned == {"detail": "No code references found for this feature."}
    assert unconnected == {"detail": "This Organisation doesn't have a valid GitHub Configuration"}
    sent = json.loads(kept.bodies[1])
    assert sent["title"] == "Remove stale feature flag: banner"
    assert "https://github.com/shop/web/blob/abc/src/app.py#L42" in sent["body"]
    linked = ExternalResource.objects.get(feature=feature)
    assert (linked.url, linked.type, linked.metadata) == (url, "GITHUB_ISSUE", {"title": "Remove", "state": "open"})
    assert bad == {"error": {"feature_id": ["This field is required."]}}
    assert unknown == {"detail": "Feature not found in this organisation."}


def labels_of(feature: Feature) -> list[str]:
    return sorted(feature.tags.values_list("label", flat=True))


def told_by_github(event: str, told: dict[str, Any]) -> Any:
    body = json.dumps(told).encode()
    signature = "sha256=" + hmac.new(b"gh", body, hashlib.sha256).hexdigest()
    return AdminClient().post("github-webhook/", body, X_Hub_Signature_256=signature, X_GitHub_Event=event)


def allow_slack(scene: Scene, path: str) -> str:
    """What a person's browser does; where it ends up."""
    browser = Client(headers={"Host": "localhost"})
    signature = json_of(scene.api.get(f"{path}slack/signature/"))["signature"]
    here = quote("https://dashboard.example.com/here", safe="")
    started = browser.get(f"/api/v1/{path}slack/oauth/?redirect_url={here}&signature={signature}")
    assert started.status_code == 302
    query = parse_qs(urlsplit(started["Location"]).query)
    assert query["client_id"] == ["me"]
    ended = browser.get(f"{query['redirect_uri'][0]}?code=c&state={quote(query['state'][0])}")
    assert (ended.status_code, ended.content) == (302, b"")
    return str(ended["Location"])


def add_github(scene: Scene) -> str:
    """The path of its repositories."""
    path = f"organisations/{scene.project.organisation_id}/integrations/github/"
    made = json_of(scene.api.post(path, {"installation_id": "77"}), 201)
    assert made == {"id": made["id"], "installation_id": "77", "organisation": scene.project.organisation_id}
    return f"{path}{made['id']}/repositories/"


def link(url: str) -> dict[str, Any]:
    return {"url": url, "type": "GITHUB_PR"}


def toggle(scene: Scene, feature: Any) -> None:
    path = f"environments/{scene.environment.api_key}/featurestates/{scene.default(feature).pk}/"
    json_of(scene.api.patch(path, {"enabled": True}))


def send_all() -> None:
    """What the task runner does, until nothing is due."""
    deliveries.write_down()
    while taken := deliveries.take(8, now=datetime.now(UTC)):
        for delivery in taken:
            deliver(delivery)
