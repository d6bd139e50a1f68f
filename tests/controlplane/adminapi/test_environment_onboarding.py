from datetime import UTC, datetime

from tests.controlplane.client import AdminClient
from tests.factories import make_environment, make_organisation, make_project
from vexil.controlplane.db import stores
from vexil.stores.evaluations import FirstEvaluation


def test_anybody_sees_when_an_environment_was_first_evaluated(client: AdminClient) -> None:
    environment = make_environment(make_project(make_organisation()))
    url = f"/api/v1/environments/{environment.api_key}/onboarding-status/"

    before = client.get(url)
    first = FirstEvaluation(datetime(2026, 5, 1, 12, 30, 15, 250000, tzinfo=UTC), "flagsmith-js-sdk")
    stores.current().evaluations.note_first({environment.pk: first})
    after = client.get(url)

    assert (before.status_code, before.json()) == (
        200,
        {"first_evaluated_at": None, "first_evaluated_sdk_label": None},
    )
    assert after.json() == {
        "first_evaluated_at": "2026-05-01T12:30:15.250000Z",
        "first_evaluated_sdk_label": "flagsmith-js-sdk",
    }
    assert after.headers["Allow"] == "GET, PUT, HEAD, OPTIONS"


def test_nobody_sets_the_first_evaluation_from_outside(client: AdminClient) -> None:
    environment = make_environment(make_project(make_organisation()))

    refused = client.put(f"/api/v1/environments/{environment.api_key}/onboarding-status/", {})
    unknown = client.get("/api/v1/environments/nosuchenvironment/onboarding-status/")

    assert refused.status_code == 403
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "No Environment matches the given query."})
