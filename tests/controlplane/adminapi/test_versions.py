from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.serializers import DateTimeField

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane.actions import feature_segments, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import AuditRecord, Event, Feature, FeatureVersion, Membership
from vexil.controlplane.permissions import SYSTEM, VIEW_ENVIRONMENT, VIEW_PROJECT

DIRECTLY = {
    "detail": "This environment uses v2 feature versioning. Use the environment feature version endpoint instead."
}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def feature(scene: Scene) -> Feature:
    """In an environment with v2 versioning."""
    feature = scene.feature(initial_value="one", default_enabled=True)
    versioning.enable(scene.environment, by=SYSTEM)
    return feature


def path_of(scene: Scene, feature: Feature, rest: str = "") -> str:
    return f"environments/{scene.environment.pk}/features/{feature.pk}/versions/{rest}"


def text(value: str) -> dict[str, Any]:
    return {"type": "unicode", "string_value": value}


def published(scene: Scene, feature: Feature, **body: Any) -> Any:
    return json_of(scene.api.post(path_of(scene, feature), {"publish_immediately": True, **body}), 201)


def served(scene: Scene) -> tuple[Any, list[tuple[Any, int]]]:
    """What SDKs get for everybody, and the overrides by priority."""
    snapshot = scene.snapshot()
    overrides = [state for segment in snapshot.segments for state in segment.overrides]
    placed = [(state.value, state.link.priority) for state in overrides if state.link]
    return snapshot.defaults[0].value, sorted(placed, key=lambda entry: entry[1])


def member(scene: Scene, *permissions: str) -> AdminClient:
    user = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=user, role="USER")
    grant_project(user, scene.project, VIEW_PROJECT)
    grant_environment(user, scene.environment, *permissions)
    return AdminClient().as_user(user)


def test_without_v2_versioning_there_are_no_versions(scene: Scene) -> None:
    feature = scene.feature()

    assert json_of(scene.api.get(path_of(scene, feature)))["results"] == []
    assert json_of(scene.api.post(path_of(scene, feature), {}), 400) == {
        "environment": "Environment must use v2 feature versioning."
    }


def test_a_feature_starts_with_one_version_that_nobody_made(scene: Scene, feature: Feature) -> None:
    later = scene.feature("later")

    for each in (feature, later):
        (version,) = json_of(scene.api.get(path_of(scene, each)))["results"]
        assert (version["created_by"], version["published_by"], version["is_live"]) == (None, None, True)


def test_a_draft_is_changed_and_counts_once_it_is_published(scene: Scene, feature: Feature) -> None:
    segment = scene.segment()
    draft = json_of(scene.api.post(path_of(scene, feature), {"description": "next"}), 201)
    states = path_of(scene, feature, f"{draft['uuid']}/featurestates/")
    (default,) = json_of(scene.api.get(states))

    json_of(scene.api.put(f"{states}{default['id']}/", {"enabled": False, "feature_state_value": text("two")}))
    override = {"feature_segment": {"segment": segment.pk}, "feature_state_value": text("for pro")}
    added = json_of(scene.api.post(states, override), 201)
    assert added["feature_segment"] == {**added["feature_segment"], "segment": segment.pk, "priority": 0}
    assert served(scene) == ("one", [])

    answer = json_of(scene.api.post(path_of(scene, feature, f"{draft['uuid']}/publish/"), {}))
    again = json_of(scene.api.post(path_of(scene, feature, f"{draft['uuid']}/publish/"), {}))

    assert answer == again
    assert served(scene) == ("two", [("for pro", 0)])
    details = json_of(scene.api.get(f"environment-feature-versions/{draft['uuid']}/"))
    first = FeatureVersion.objects.get(created_by=None)
    assert details == {
        **draft,
        "published": True,
        "is_live": True,
        "published_by": scene.admin.pk,
        "live_from": answer["live_from"],
        "updated_at": details["updated_at"],
        "previous_version_uuid": str(first.pk),
        "feature": feature.pk,
        "environment": scene.environment.pk,
    }


def test_one_call_creates_changes_and_deletes_overrides(scene: Scene, feature: Feature) -> None:
    pro, beta = scene.segment("pro"), scene.segment("beta")
    published(
        scene,
        feature,
        feature_states_to_create=[{"feature_segment": {"segment": pro.pk}, "feature_state_value": text("pro")}],
    )

    published(
        scene,
        feature,
        feature_states_to_update=[{"feature_segment": None, "feature_state_value": text("two")}],
        feature_states_to_create=[
            {"feature_segment": {"segment": beta.pk, "priority": 0}, "feature_state_value": text("beta")}
        ],
    )
    assert served(scene) == ("two", [("beta", 0), ("pro", 1)])
    listed = json_of(
        scene.api.get(f"features/feature-segments/?environment={scene.environment.pk}&feature={feature.pk}")
    )
    assert [(link["segment"], link["priority"]) for link in listed["results"]] == [(beta.pk, 0), (pro.pk, 1)]

    published(scene, feature, segment_ids_to_delete_overrides=[pro.pk])
    assert served(scene) == ("two", [("beta", 0)])


@pytest.mark.parametrize(
    ("name", "segment", "message"),
    [
        ("feature_states_to_create", "here", "segment override already exists for segment '{}'"),
        ("feature_states_to_update", "gone", "segment override does not exist for segment '{}'."),
    ],
)
def test_a_version_that_contradicts_itself_is_refused(
    scene: Scene, feature: Feature, name: str, segment: str, message: str
) -> None:
    segments = {"here": scene.segment("here"), "gone": scene.segment("gone")}
    here = {"feature_segment": {"segment": segments["here"].pk}, "feature_state_value": text("x")}
    published(scene, feature, feature_states_to_create=[here])
    named = segments[segment].pk
    sent = {name: [{"feature_segment": {"segment": named}, "feature_state_value": text("y")}]}
    before = FeatureVersion.objects.count()

    answer = json_of(scene.api.post(path_of(scene, feature), sent), 400)

    assert answer == {"message": f"An unresolvable conflict occurred: {message.format(named)}"}
    assert FeatureVersion.objects.count() == before


@pytest.mark.parametrize("states", [None, [None], ["x"], {}])
def test_states_that_are_no_objects_are_refused(scene: Scene, feature: Feature, states: Any) -> None:
    for name in ("feature_states_to_create", "feature_states_to_update"):
        assert list(json_of(scene.api.post(path_of(scene, feature), {name: states}), 400)) == [name]


def test_a_version_gets_no_second_default(scene: Scene, feature: Feature) -> None:
    refusal = {"message": "Cannot create FeatureState objects that are not segment overrides."}
    state = {"feature_segment": None, "feature_state_value": text("again")}
    draft = json_of(scene.api.post(path_of(scene, feature), {}), 201)

    assert json_of(scene.api.post(path_of(scene, feature), {"feature_states_to_create": [state]}), 400) == refusal
    states = path_of(scene, feature, f"{draft['uuid']}/featurestates/")
    assert json_of(scene.api.post(states, state), 400) == refusal


def test_a_published_version_stays_as_it_is(scene: Scene, feature: Feature) -> None:
    version = published(scene, feature)["uuid"]
    states = path_of(scene, feature, f"{version}/featurestates/")
    (default,) = json_of(scene.api.get(states))
    unchangeable = {"detail": "Cannot modify published version."}

    assert json_of(scene.api.patch(f"{states}{default['id']}/", {"enabled": False}), 400) == unchangeable
    assert json_of(scene.api.delete(f"{states}{default['id']}/"), 400) == unchangeable
    live = json_of(scene.api.delete(path_of(scene, feature, f"{version}/")), 400)
    assert live == {"detail": "Cannot delete a live version."}


def test_a_draft_keeps_its_default_and_can_be_deleted(scene: Scene, feature: Feature) -> None:
    draft = json_of(scene.api.post(path_of(scene, feature), {}), 201)["uuid"]
    states = path_of(scene, feature, f"{draft}/featurestates/")
    (default,) = json_of(scene.api.get(states))

    kept = json_of(scene.api.delete(f"{states}{default['id']}/"), 400)
    json_of(scene.api.delete(path_of(scene, feature, f"{draft}/")), 204)

    assert kept == {"detail": "Cannot delete environment default feature state."}
    assert json_of(scene.api.get(states), 404) == {"detail": "No EnvironmentFeatureVersion matches the given query."}


def test_drafts_are_listed_first_and_then_the_newest(scene: Scene, feature: Feature) -> None:
    newest = published(scene, feature)
    scheduled = published(scene, feature, live_from="2099-01-01T00:00:00Z")
    draft = json_of(scene.api.post(path_of(scene, feature), {}), 201)
    oldest = str(FeatureVersion.objects.get(created_by=None).pk)

    def listed(query: str = "") -> list[str]:
        return [version["uuid"] for version in json_of(scene.api.get(path_of(scene, feature, query)))["results"]]

    assert (scheduled["published"], scheduled["is_live"], scheduled["live_from"]) == (
        True,
        False,
        "2099-01-01T00:00:00Z",
    )
    assert listed() == [draft["uuid"], scheduled["uuid"], newest["uuid"], oldest]
    assert listed("?is_live=true") == [newest["uuid"], oldest]
    assert listed("?is_live=false") == [draft["uuid"], scheduled["uuid"]]


def test_nothing_but_identity_overrides_and_drafts_is_written_directly(scene: Scene, feature: Feature) -> None:
    key, segment, kim = scene.environment.api_key, scene.segment(), scene.identity()
    default = FeatureVersion.objects.get().feature_states.get()
    override = {"feature_segment": {"segment": segment.pk}, "feature_state_value": text("x")}
    link = {"feature": feature.pk, "segment": segment.pk, "environment": scene.environment.pk}

    refused = [
        scene.api.patch(f"features/featurestates/{default.pk}/", {"enabled": False}),
        scene.api.patch(f"environments/{key}/featurestates/{default.pk}/", {"enabled": False}),
        scene.api.delete(f"environments/{key}/featurestates/{default.pk}/"),
        scene.api.post(f"environments/{key}/features/{feature.pk}/create-segment-override/", override),
        scene.api.post("features/feature-segments/", link),
    ]

    assert [json_of(response, 400) for response in refused] == [DIRECTLY] * 5
    own = {"feature": feature.pk, "enabled": False}
    json_of(scene.api.post(f"environments/{key}/identities/{kim.id}/featurestates/", own), 201)
    draft = FeatureVersion.objects.get(pk=json_of(scene.api.post(path_of(scene, feature), {}), 201)["uuid"])
    state = json_of(scene.api.patch(f"features/featurestates/{draft.feature_states.get().pk}/", {"enabled": False}))
    assert (state["enabled"], state["environment_feature_version"]) == (False, str(draft.pk))


def test_one_call_updates_make_a_version(scene: Scene, feature: Feature) -> None:
    segment = scene.segment()
    Event.objects.all().delete()
    path = f"/api/__future__/environments/{scene.environment.api_key}/features/{feature.pk}/"
    body = {
        "environment_default": {"value": {"type": "string", "value": "two"}},
        "segment_overrides": [{"segment": {"id": segment.pk}, "value": {"type": "integer", "value": "3"}}],
    }

    answer = json_of(scene.api.patch(path, body))

    assert answer == json_of(scene.api.get(path))
    assert [line.log for line in AuditRecord.objects.filter(event__kind="version.published")] == [
        "New version published for feature: flag"
    ]
    assert served(scene) == ("two", [(3, 0)])
    assert FeatureVersion.objects.filter(created_by=scene.admin, is_current=True).count() == 1
    assert [event.kind for event in Event.objects.all()] == ["version.published"]


def test_lists_count_what_the_current_version_holds(scene: Scene, feature: Feature) -> None:
    segment = scene.segment()
    for value in ("x", "y"):
        published(
            scene,
            feature,
            segment_ids_to_delete_overrides=[segment.pk],
            feature_states_to_create=[
                {"feature_segment": {"segment": segment.pk}, "enabled": True, "feature_state_value": text(value)}
            ],
        )
    environment = f"environment={scene.environment.pk}"

    listed = json_of(
        scene.api.get(f"projects/{scene.project.pk}/features/?{environment}&segment={segment.pk}&value_search=one")
    )["results"]
    assert [(row["num_segment_overrides"], row["segment_feature_state"]["feature_state_value"]) for row in listed] == [
        (1, "y")
    ]
    here, anywhere = "last_modified_in_current_environment", "last_modified_in_any_environment"
    current = FeatureVersion.objects.get(is_current=True)
    assert listed[0][here] == listed[0][anywhere] == DateTimeField().to_representation(current.live_from)
    (alone,) = json_of(scene.api.get(f"projects/{scene.project.pk}/features/"))["results"]
    assert (alone[here], alone[anywhere]) == (None, listed[0][anywhere])
    assert json_of(scene.api.get(f"features/featurestates/?{environment}"))["count"] == 2
    assert json_of(scene.api.get(f"environments/{scene.environment.api_key}/"))["total_segment_overrides"] == 1
    associated = f"projects/{scene.project.pk}/segments/{segment.pk}/associated-features/"
    assert json_of(scene.api.get(associated))["count"] == 1


def test_versions_are_hidden_from_strangers_and_closed_to_readers(scene: Scene, feature: Feature) -> None:
    outsider, reader = AdminClient().as_user(make_user()), member(scene, VIEW_ENVIRONMENT)
    uuid = str(FeatureVersion.objects.get().pk)
    versions, publish = path_of(scene, feature), path_of(scene, feature, f"{uuid}/publish/")
    denied = {"detail": "You do not have permission to perform this action."}

    assert json_of(outsider.get(versions), 404) == {"detail": "No Feature matches the given query."}
    assert json_of(outsider.post(versions, {}), 404) == {"detail": "No Feature matches the given query."}
    assert json_of(outsider.post(publish, {}), 403) == denied
    unknown = {"detail": "No EnvironmentFeatureVersion matches the given query."}
    assert json_of(outsider.get(f"environment-feature-versions/{uuid}/"), 404) == unknown
    assert json_of(reader.get(f"environment-feature-versions/{NOBODY}/"), 404) == unknown
    assert json_of(reader.get(versions))["count"] == 1
    assert json_of(reader.post(versions, {}), 403) == denied
    assert json_of(reader.post(publish, {}), 403) == denied
    elsewhere = path_of(scene, feature).replace(f"environments/{scene.environment.pk}", "environments/99999999")
    assert json_of(scene.api.get(elsewhere), 404) == {"detail": "No Environment matches the given query."}


def test_versioning_goes_on_and_off_without_changing_what_is_served(scene: Scene) -> None:
    feature, segment = scene.feature(initial_value="one"), scene.segment()
    change = Change(value=of_native("x"))
    feature_segments.create_override(scene.environment, feature, segment, change, by=SYSTEM)
    environment = f"environments/{scene.environment.api_key}"

    def switch(way: str, status: int = 202) -> Any:
        return json_of(scene.api.post(f"{environment}/{way}-v2-versioning/", {}), status)

    assert switch("disable", 400) == {"detail": "Environment is not using v2 versioning."}
    before = scene.snapshot()
    switch("enable")
    assert switch("enable", 400) == {"detail": "Environment already using v2 versioning."}
    assert (scene.snapshot().defaults, scene.snapshot().segments) == (before.defaults, before.segments)

    published(scene, feature, feature_states_to_update=[{"feature_segment": None, "feature_state_value": text("two")}])
    json_of(scene.api.post(path_of(scene, feature), {}), 201)
    switched = scene.snapshot()
    switch("disable")
    assert (scene.snapshot().defaults, scene.snapshot().segments) == (switched.defaults, switched.segments)
    assert served(scene) == ("two", [("x", 0)])
    assert json_of(scene.api.get(path_of(scene, feature)))["results"] == []
    state = scene.default(feature)
    assert json_of(scene.api.patch(f"features/featurestates/{state.pk}/", {"enabled": True}))["version"] == 1

    switch("enable")
    assert FeatureVersion.live.get().live_from > datetime(2020, 1, 1, tzinfo=UTC)
