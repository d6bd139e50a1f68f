"""The audit log: which lines a change leaves, and who may read them."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import grant_project, make_environment, make_master_api_key, make_organisation, make_user
from vexil.controlplane.db.models import AuditRecord, Event, Membership, Role
from vexil.controlplane.permissions import VIEW_AUDIT_LOG, VIEW_PROJECT


def test_a_new_feature_has_a_line_and_one_for_each_environment() -> None:
    scene = make_scene()
    staging = make_environment(scene.project, name="Staging")

    json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": "beta"}), 201)

    text = "New Flag / Remote Config created: beta"
    assert lines(scene) == [
        (text, "FEATURE_STATE", staging.pk),
        (text, "FEATURE_STATE", scene.environment.pk),
        (text, "FEATURE", None),
    ]
    assert Event.objects.count() == 1


def test_each_part_of_a_state_that_changes_has_its_own_line() -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    path = f"environments/{scene.environment.api_key}/featurestates/{state.pk}/"

    json_of(scene.api.patch(path, {"enabled": True, "feature_state_value": 7}))
    json_of(scene.api.patch(path, {"enabled": True}))

    assert lines(scene) == [
        ("Remote config value updated for feature: beta", "FEATURE_STATE", scene.environment.pk),
        ("Flag state updated for feature: beta", "FEATURE_STATE", scene.environment.pk),
    ]


def test_a_line_tells_what_changed() -> None:
    scene = make_scene()
    json_of(scene.api.patch(f"environments/{scene.environment.api_key}/", {"hide_disabled_flags": True}))
    (item,) = audit(scene)["results"]

    one = json_of(scene.api.get(f"projects/{scene.project.pk}/audit/{item['id']}/"))

    details = [{"field": "hide_disabled_flags", "old": None, "new": True}]
    assert one == {**item, "change_type": "UPDATE", "change_details": details}


def test_overrides_of_segments_and_identities_are_told_by_name() -> None:
    scene = make_scene()
    feature, segment, identity = scene.feature("beta"), scene.segment("pros"), scene.identity("kim")
    environment = f"environments/{scene.environment.api_key}"
    overrides = f"{environment}/identities/{identity.id}/featurestates/"
    body = {"feature_segment": {"segment": segment.pk}, "enabled": True, "feature_state_value": {"type": "unicode"}}

    json_of(scene.api.post(f"{environment}/features/{feature.pk}/create-segment-override/", body), 201)
    own = json_of(scene.api.post(overrides, {"feature": feature.pk, "enabled": True}), 201)
    json_of(scene.api.put(f"{overrides}{own['id']}/", {"feature": feature.pk, "enabled": False}))
    json_of(scene.api.delete(f"{overrides}{own['id']}/"), 204)
    json_of(scene.api.delete(f"projects/{scene.project.pk}/segments/{segment.pk}/"), 204)

    here = scene.environment.pk
    assert lines(scene) == [
        ("Flag state / Remote config value deleted for feature 'beta' and segment 'pros'", "FEATURE", here),
        ("Segment deleted: pros", "SEGMENT", None),
        ("Flag state / Remote config value deleted for feature 'beta' and identity 'kim'", "FEATURE_STATE", here),
        ("Flag state / Remote config value updated for feature 'beta' and identity 'kim'", "FEATURE_STATE", here),
        (
            "Remote config value updated for identity override on feature 'beta' and identity 'kim'.",
            "FEATURE_STATE",
            here,
        ),
        ("Remote config updated for segment override on feature 'beta' and segment 'pros'.", "FEATURE_STATE", here),
    ]


def test_a_list_narrows_to_text_environments_and_kind() -> None:
    scene = make_scene()
    staging = make_environment(scene.project)
    json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": "beta"}), 201)
    json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": "gamma"}), 201)

    found = {
        query: audit(scene, query)["count"]
        for query in (
            "search=BETA",
            f"environments={staging.pk}",
            f"environments={staging.pk}&environments={scene.environment.pk}",
            "is_system_event=true",
            "is_system_event=false",
        )
    }

    assert list(found.values()) == [3, 2, 4, 0, 6]


def test_ten_more_records_cost_no_more_statements() -> None:
    scene = make_scene()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            audit(scene)
        return len(queries)

    for number in range(12):
        json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": f"flag_{number}"}), 201)
        if number == 1:
            few = statements()

    assert statements() == few


def test_a_project_shows_its_log_only_to_those_with_the_right() -> None:
    scene = make_scene()
    reader, member, outsider = make_user(), make_user(), make_user()
    for user in (reader, member):
        Membership.objects.create(user=user, organisation=scene.project.organisation, role=Role.USER)
    grant_project(reader, scene.project, VIEW_PROJECT, VIEW_AUDIT_LOG)
    grant_project(member, scene.project, VIEW_PROJECT)
    make_organisation(admin=outsider)
    json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": "beta"}), 201)
    record = AuditRecord.objects.first()
    assert record is not None
    clients = [AdminClient().as_user(user) for user in (reader, member, outsider)]

    project, organisation = f"projects/{scene.project.pk}", f"organisations/{scene.project.organisation_id}"
    paths = [f"{project}/audit/", f"{project}/audit/{record.pk}/", f"{organisation}/audit/", f"audit/{record.pk}/"]

    assert [[api.get(path).status_code for path in paths] for api in clients] == [
        [200, 200, 403, 404],
        [403, 403, 403, 404],
        [403, 403, 403, 404],
    ]
    assert [json_of(api.get("audit/"))["count"] for api in clients] == [0, 0, 0]
    assert json_of(scene.api.get("audit/"))["count"] == json_of(scene.api.get(f"{organisation}/audit/"))["count"] == 2


def test_what_a_key_changes_has_no_author() -> None:
    scene = make_scene()
    _, key = make_master_api_key(scene.project.organisation)
    api = AdminClient().with_key(key)

    json_of(api.post(f"projects/{scene.project.pk}/features/", {"name": "beta"}), 201)

    assert [item["author"] for item in json_of(api.get("audit/"))["results"]] == [None, None]


def lines(scene: Scene) -> list[tuple[str, str, int | None]]:
    """Text, type and environment of each line, newest first."""
    return [
        (item["log"], item["related_object_type"], item["environment"] and item["environment"]["id"])
        for item in audit(scene)["results"]
    ]


def audit(scene: Scene, query: str = "") -> Any:
    return json_of(scene.api.get(f"projects/{scene.project.pk}/audit/?{query}"))
