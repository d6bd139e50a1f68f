from typing import Any

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import json_of, make_scene
from tests.factories import make_user

NO_DYNAMO_DB = {"detail": "Dynamo DB is not enabled for this project"}
DENIED = {"detail": "You do not have permission to perform this action."}


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("environments/{key}/edge-identities/", 400, NO_DYNAMO_DB),
        ("environments/{key}/edge-identity-overrides", 400, NO_DYNAMO_DB),
        ("environments/environments/{key}/edge-identities-featurestates", 400, NO_DYNAMO_DB),
        ("environments/{key}/experiments/", 403, DENIED),
        ("environments/{key}/experiment-metrics/", 403, DENIED),
        ("environments/{key}/warehouse-connections/", 403, DENIED),
        ("environments/{key}/cohorts/", 200, []),
    ],
)
def test_what_is_not_offered_is_said_to_members_and_hidden_from_strangers(path: str, status: int, answer: Any) -> None:
    scene = make_scene()
    whole_path = path.format(key=scene.environment.api_key)

    assert json_of(scene.api.get(whole_path), status) == answer
    assert json_of(AdminClient().as_user(make_user()).get(whole_path), 403) == DENIED


def test_no_project_moves_to_dynamo_db() -> None:
    scene = make_scene()

    assert json_of(scene.api.post(f"projects/{scene.project.pk}/migrate-to-edge/"), 400) == NO_DYNAMO_DB
