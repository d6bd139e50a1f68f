import json

from tests.controlplane.client import AdminClient
from tests.factories import make_user


def test_browsers_are_told_of_the_installation_by_a_script(client: AdminClient) -> None:
    answer = client.get("/config/project-overrides")
    name, _, told = answer.content.decode().partition(" = ")

    assert (name, answer["Content-Type"]) == ("window.projectOverrides", "application/javascript")
    assert json.loads(told) == {
        "api": "/api/v1/",
        "assetURL": "/",
        "cookieAuthEnabled": False,
        "cookieSameSite": "none",
        "disableAnalytics": False,
        "flagsmithAnalytics": False,
        "flagsmithRealtime": False,
        "hideInviteLinks": False,
        "linkedinPartnerTracking": False,
        "maintenance": False,
        "preventEmailPassword": False,
        "preventSignup": False,
        "useSecureCookies": True,
    }


def test_robots_are_kept_out(client: AdminClient) -> None:
    assert client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_only_staff_see_how_much_work_waits(client: AdminClient) -> None:
    callers = [client, client.as_user(make_user()), client.as_user(make_user(is_staff=True))]
    answers = [caller.get("/processor/monitoring/") for caller in callers]

    assert [answer.status_code for answer in answers] == [401, 401, 200]
    assert answers[2].json() == {"waiting": 0}


def test_services_of_a_hosted_installation_refuse_everybody(client: AdminClient) -> None:
    known = client.as_user(make_user())
    paths = ("cb-webhook/", "e2etests/teardown/", "github-webhook/", "onboarding/request/send/")
    answers = [known.post(path, {}) for path in paths]

    assert [(answer.status_code, answer.headers.get("WWW-Authenticate")) for answer in answers] == [
        (401, 'Basic realm="api"'),
        (401, "Token"),
        (400, None),
        (403, None),
    ]


def test_the_root_of_accounts_leads_to_users(client: AdminClient) -> None:
    known = client.as_user(make_user())

    assert known.get("auth/").json() == {"users": "http://localhost/api/v1/auth/users/"}
