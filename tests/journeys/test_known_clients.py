"""The exact calls that Terraform's provider, the CLI and the MCP server make, in their order and with their bodies."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.journeys.admin import PASSWORD, Admin
from tests.journeys.running import Server

UNKNOWN = "00000000-0000-0000-0000-000000000000"
TOOLS = {
    "list_organizations",
    "list_projects_in_organization",
    "get_project",
    "update_project",
    "list_project_environments",
    "list_environments",
    "list_project_features",
    "create_feature",
    "get_feature_flag",
    "update_feature",
    "get_feature_evaluation_data",
    "list_feature_multivariate_options",
    "create_feature_multivariate_option",
    "update_feature_multivariate_option",
    "delete_feature_multivariate_option",
    "update_environment_feature_state",
    "update_feature_state",
    "list_feature_segments",
    "delete_feature_segment",
    "create_segment_override",
    "get_environment_feature_versions",
    "create_environment_feature_version",
    "publish_environment_feature_version",
    "get_environment_feature_version_states",
    "create_environment_feature_version_state",
    "update_environment_feature_version_state",
    "list_project_segments",
    "create_project_segment",
    "get_project_segment",
    "update_project_segment",
    "list_organization_groups",
    "list_organization_invites",
    "create_organization_invite",
    "get_feature_external_resources",
    "get_feature_code_references",
    "get_feature_lifecycle_counts",
    "get_feature_health_events",
}


class Client:
    """Sends an organisation's key, as Terraform and the CLI do."""

    def __init__(self, admin: Admin) -> None:
        path = f"organisations/{admin.organisation['id']}/master-api-keys/"
        key = admin.post(path, {"name": "client", "is_admin": True})["key"]
        headers = {"Authorization": f"Api-Key {key}"}
        self._root = str(admin.client.base_url).partition("/api/")[0]
        self._http = httpx.Client(base_url=admin.client.base_url, headers=headers, timeout=20)

    def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        url = self._root + path if path.startswith("/") else path
        answer = self._http.request(method, url, json=body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def call(admin: Admin) -> Iterator[Client]:
    client = Client(admin)
    yield client
    client.close()


def rules(value: str) -> list[dict[str, Any]]:
    """Without ids, as Terraform sends them."""
    condition = {"operator": "EQUAL", "property": "plan", "value": value}
    return [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [condition]}], "conditions": []}]


def test_terraform_keeps_what_it_leaves_out(admin: Admin, call: Client) -> None:
    organisation = call("GET", f"organisations/get-by-uuid/{admin.organisation['uuid']}/")
    wanted = {"name": "Made", "organisation": organisation["id"], "hide_disabled_flags": True}
    project = call("POST", "projects/", wanted, status=201)
    settings = {"name": "Dev", "project": project["id"], "hide_sensitive_data": True, "banner_text": "Careful"}
    environment = call("POST", "environments/", settings, status=201)

    put = call("PUT", f"projects/{project['id']}/", {"name": "Renamed", "organisation": organisation["id"]})
    env = call("PUT", f"environments/{environment['api_key']}/", {"name": "Dev 2", "project": project["id"]})

    assert (put["name"], put["hide_disabled_flags"]) == ("Renamed", True)
    assert (env["name"], env["hide_sensitive_data"], env["banner_text"]) == ("Dev 2", True, "Careful")
    assert call("GET", f"projects/get-by-uuid/{project['uuid']}/")["id"] == project["id"]
    assert call("GET", f"environments/get-by-uuid/{environment['uuid']}/")["api_key"] == environment["api_key"]
    assert [user["role"] for user in call("GET", f"organisations/{organisation['id']}/users/")] == ["ADMIN"]
    call("DELETE", f"environments/{environment['api_key']}/", status=204)
    call("DELETE", f"projects/{project['id']}/", status=204)


def test_terraform_makes_changes_and_deletes_a_feature_with_options(admin: Admin, call: Client) -> None:
    path = f"projects/{admin.project['id']}/features/"
    user = call("GET", f"organisations/{admin.organisation['id']}/users/")[0]["id"]
    group = admin.post(f"organisations/{admin.organisation['id']}/groups/", {"name": "Ops"})["id"]
    tag = call("POST", f"projects/{admin.project['id']}/tags/", {"label": "beta", "color": "#000"}, status=201)
    feature = call("POST", path, {"name": "banner", "type": "STANDARD", "description": "d"}, status=201)
    own = f"{path}{feature['id']}/"

    call("POST", f"{own}add-owners/", {"user_ids": [user]})
    call("POST", f"{own}add-group-owners/", {"group_ids": [group]})
    call("POST", f"{own}remove-owners/", {"user_ids": [user]})
    body = {"name": "banner", "type": "STANDARD", "tags": [tag["id"]], "owners": [], "group_owners": [group]}
    changed = call("PUT", own, body)
    option = {"feature": feature["id"], "type": "unicode", "string_value": "red", "default_percentage_allocation": 30}
    made = call("POST", f"{own}mv-options/", option, status=201)
    call("PUT", f"{own}mv-options/{made['id']}/", option | {"string_value": "blue"})

    by_uuid = call("GET", f"features/get-by-uuid/{feature['uuid']}/")
    assert (by_uuid["project"], by_uuid["type"]) == (admin.project["id"], "MULTIVARIATE")
    assert (changed["description"], changed["tags"], changed["owners"]) == ("d", [tag["id"]], [])
    assert [owner["id"] for owner in changed["group_owners"]] == [group]
    assert call("GET", f"multivariate/options/get-by-uuid/{made['uuid']}/")["string_value"] == "blue"
    assert call("GET", f"projects/{admin.project['id']}/tags/get-by-uuid/{tag['uuid']}/")["id"] == tag["id"]
    call("DELETE", f"{own}mv-options/{made['id']}/", status=204)
    call("DELETE", own, status=204)
    call("GET", f"features/get-by-uuid/{feature['uuid']}/", status=404)


def test_terraform_writes_states_and_overrides(admin: Admin, call: Client) -> None:
    feature, environment = admin.create_feature("button", "default"), admin.environment["id"]
    segments = f"projects/{admin.project['id']}/segments/"
    body = {"name": "pros", "project": admin.project["id"], "rules": rules("pro")}
    segment = call("POST", segments, body, status=201)

    found = call("GET", f"environments/{admin.client_key}/featurestates/?feature={feature}")["results"]
    assert len(found) == 1
    value = {"type": "unicode", "string_value": "new", "integer_value": None, "boolean_value": None}
    sent = {"id": found[0]["id"], "uuid": found[0]["uuid"], "feature": feature, "environment": environment}
    call("PUT", f"features/featurestates/{found[0]['id']}/", sent | {"feature_state_value": value, "enabled": True})

    place = {"feature": feature, "segment": segment["id"], "environment": environment, "priority": None}
    link = call("POST", "features/feature-segments/", place, status=201)
    override = {**sent, "feature_segment": link["id"], "enabled": True, "feature_state_value": value}
    state = call("POST", "features/featurestates/", {k: v for k, v in override.items() if k != "id"}, status=201)
    call("POST", "features/feature-segments/update-priorities/", [{"id": link["id"], "priority": 0}])
    read = call("GET", f"features/featurestates/get-by-uuid/{state['uuid']}/")

    assert read["feature_segment"] == link["id"]
    assert call("GET", f"features/feature-segments/{link['id']}/")["segment"] == segment["id"]
    assert call("GET", f"features/feature-segments/get-by-uuid/{link['uuid']}/")["id"] == link["id"]
    put = call("PUT", f"{segments}{segment['id']}/", body | {"rules": rules("max")})
    assert put["rules"][0]["rules"][0]["conditions"][0]["value"] == "max"
    assert len(put["rules"]) == 1
    call("DELETE", f"features/feature-segments/{link['id']}/", status=204)
    call("GET", f"features/feature-segments/{link['id']}/", status=404)
    call("GET", f"segments/get-by-uuid/{segment['uuid']}/")
    call("DELETE", f"{segments}{segment['id']}/", status=204)


@pytest.mark.parametrize(
    "path",
    [
        "features",
        "features/featurestates",
        "features/feature-segments",
        "multivariate/options",
        "segments",
        "projects",
        "environments",
        "organisations",
    ],
)
def test_what_is_missing_is_404_so_that_terraform_makes_it_again(call: Client, path: str) -> None:
    call("GET", f"{path}/get-by-uuid/{UNKNOWN}/", status=404)


def test_the_cli_reads_everything_by_pages(admin: Admin, call: Client) -> None:
    feature, key = admin.create_feature("search", "on"), admin.client_key
    segment = admin.create_segment("pros", ("EQUAL", "plan", "pro"))
    admin.override_for_segment(feature, segment, "pro")
    identity = admin.create_identity("kim")
    admin.override_for_identity(feature, identity, "kim")
    project, environment = admin.project["id"], admin.environment["id"]
    page = "page_size=999"

    listed = call("GET", f"projects/{project}/features/?environment={environment}&segment={segment}&{page}")
    flag = listed["results"][0]
    paths = [
        f"organisations/?{page}",
        f"projects/?organisation={admin.organisation['id']}&{page}",
        f"environments/?project={project}&{page}",
        f"projects/{project}/features/?is_archived=false&search=ear&{page}",
        f"features/feature-segments/?environment={environment}&feature={feature}&{page}",
        f"features/featurestates/?environment={environment}&feature={feature}&{page}",
        f"environments/{key}/featurestates/?anyIdentity=1&feature={feature}&{page}",
        f"environments/{key}/identities/?q=%22kim%22&{page}",
        f"environments/{key}/api-keys/?{page}",
        f"projects/{project}/segments/?include_feature_specific=false&{page}",
    ]
    found = [call("GET", path) for path in paths]

    assert listed["next"] is None
    assert flag["environment_feature_state"]["feature_state_value"] == "on"
    assert flag["segment_feature_state"]["feature_state_value"] == "pro"
    assert (flag["num_segment_overrides"], flag["num_identity_overrides"]) == (1, 1)
    assert [entry["count"] for entry in flag["code_references_counts"]] == []
    rows = [answer["results"] if isinstance(answer, dict) else answer for answer in found]
    assert [len(of_path) for of_path in rows] == [1, 1, 1, 1, 1, 3, 1, 1, 1, 1]
    assert call("GET", f"environments/{key}/document/")["api_key"] == key
    assert "max_api_calls" in call("GET", f"organisations/{admin.organisation['id']}/get-subscription-metadata/")


def test_the_cli_changes_flags_with_one_call(admin: Admin, call: Client) -> None:
    feature, segment = admin.create_feature("checkout"), admin.create_segment("pros", ("EQUAL", "plan", "pro"))
    path = f"/api/__future__/environments/{admin.client_key}/features/{feature}/"
    change = {
        "environment_default": {"enabled": True, "value": {"type": "integer", "value": "3"}},
        "segment_overrides": [{"segment": {"id": segment}, "enabled": False}],
    }

    state = call("PATCH", path, change)
    without = call("DELETE", f"{path}segment-overrides/{segment}/")

    assert state["environment_default"] == {"enabled": True, "value": {"type": "integer", "value": "3"}, "variants": []}
    assert [entry["segment"]["id"] for entry in state["segment_overrides"]] == [segment]
    assert without["segment_overrides"] == []
    assert "detail" in call("DELETE", f"{path}segment-overrides/{segment}/", status=404)
    assert "detail" in call("PATCH", path.replace(str(feature), "99999999"), change, status=404)
    admin.patch(f"environments/{admin.client_key}/", {"minimum_change_request_approvals": 1})
    assert call("PATCH", path, change, status=409)["code"] == "change_requests_enabled"


def test_the_cli_keeps_overrides_of_identities(admin: Admin, call: Client) -> None:
    feature, identity = admin.create_feature("theme", "light"), admin.create_identity("kim")
    path = f"environments/{admin.client_key}/identities/{identity}/featurestates/"

    made = call("POST", path, {"feature": feature, "enabled": True, "feature_state_value": "dark"}, status=201)
    put = call("PUT", f"{path}{made['id']}/", {"feature": feature, "enabled": True, "feature_state_value": 5})
    call("DELETE", f"{path}{made['id']}/", status=204)

    assert (made["feature_state_value"], put["feature_state_value"]) == ("dark", 5)
    segment = admin.create_segment("pros", ("EQUAL", "plan", "pro"))
    body = {"name": "renamed", "project": admin.project["id"], "rules": rules("max")}
    assert call("PUT", f"projects/{admin.project['id']}/segments/{segment}/", body)["name"] == "renamed"
    for changed in (
        f"organisations/{admin.organisation['id']}/",
        f"projects/{admin.project['id']}/",
        f"environments/{admin.client_key}/",
    ):
        assert call("PATCH", changed, {"name": "By CLI"})["name"] == "By CLI"


def test_limits_are_told_in_words_that_the_cli_knows(admin: Admin, call: Client) -> None:
    answer = call("GET", f"organisations/{admin.organisation['id']}/portal-url/", status=400)

    assert "has no subscription" in answer["detail"]


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_the_mcp_server_finds_its_tools(server: Server) -> None:
    document = httpx.get(f"{server.api_url}swagger.json").json()

    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert document["openapi"].startswith("3.1")
    assert {operation["operationId"] for operation in operations if "mcp" in operation["tags"]} == TOOLS


def test_the_command_line_logs_in_with_a_browser_and_out_again(server: Server, admin: Admin) -> None:
    """As `flagsmith login` and `logout` do: discovery, a loopback address, PKCE, refreshing, revoking."""
    cli = httpx.Client(timeout=20)
    metadata = cli.get(f"{server.url}/.well-known/oauth-authorization-server").raise_for_status().json()
    verifier, state, callback = "v" * 43, "s" * 22, "http://127.0.0.1:53682/callback"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": "flagsmith-cli",
        "response_type": "code",
        "scope": "admin-api",
        "redirect_uri": callback,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }

    answer = _allowed_in_browser(f"{metadata['authorization_endpoint']}?{urlencode(asked)}", admin)
    form = {"client_id": "flagsmith-cli", "redirect_uri": callback, "code_verifier": verifier, "code": answer["code"]}
    first = cli.post(metadata["token_endpoint"], data={"grant_type": "authorization_code", **form}).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": "flagsmith-cli"}
    second = cli.post(metadata["token_endpoint"], data=form).json()
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    users_me = cli.get(f"{server.api_url}auth/users/me/", headers=bearer)
    organisations = cli.get(f"{server.api_url}organisations/?page_size=999", headers=bearer)
    form = {"token": second["refresh_token"], "token_type_hint": "refresh_token", "client_id": "flagsmith-cli"}
    logged_out = cli.post(metadata["revocation_endpoint"], data=form)

    assert metadata["issuer"] == server.url
    assert {metadata[name].startswith(f"{server.url}/o/") for name in ("token_endpoint", "revocation_endpoint")} == {
        True
    }
    assert answer["state"] == state
    assert (first["expires_in"], second["scope"]) == (900, "admin-api")
    assert users_me.json()["email"] == admin.get("auth/users/me/")["email"]
    assert [entry["id"] for entry in organisations.json()["results"]] == [admin.organisation["id"]]
    assert logged_out.status_code == 200
    assert cli.get(f"{server.api_url}auth/users/me/", headers=bearer).status_code == 401
    cli.close()


def _allowed_in_browser(url: str, admin: Admin) -> dict[str, str]:
    """What the browser of a person who logs in and says yes brings to the loopback address."""
    with httpx.Client(timeout=20, follow_redirects=True) as browser:
        login = browser.get(url)
        person = {"email": admin.get("auth/users/me/")["email"], "password": PASSWORD}
        consent = browser.post(login.url, data={**_fields(login), **person})
        action = BeautifulSoup(consent.text, "html.parser").select("main form")[0]["action"]
        answer = {**_fields(consent), "answer": "allow"}
        sent = browser.post(consent.url.join(str(action)), data=answer, follow_redirects=False)
        return dict(parse_qsl(urlsplit(sent.headers["Location"]).query))


def _fields(page: httpx.Response) -> dict[str, str]:
    found = BeautifulSoup(page.text, "html.parser").select("main form input")
    return {str(field["name"]): str(field.get("value", "")) for field in found}
