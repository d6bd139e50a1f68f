from datetime import UTC, datetime, timedelta

import pytest

from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.controlplane.stages import STAGES, make_one_of_each, tag
from vexil.controlplane.actions import stale_tags
from vexil.controlplane.actions.feature_states import Change, update
from vexil.controlplane.db.models import AuditRecord, Environment, Event, Feature, FeatureState, Tag
from vexil.controlplane.permissions import SYSTEM

DAY = timedelta(days=1)


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_each_stage_is_counted_and_found(scene: Scene) -> None:
    make_one_of_each(scene)

    counts = json_of(scene.api.get(f"environments/{scene.environment.pk}/feature-lifecycle-counts/"))

    found = {}
    for stage in STAGES:
        path = f"projects/{scene.project.pk}/features/?environment={scene.environment.pk}&lifecycle_stage={stage}"
        found[stage] = [feature["name"] for feature in json_of(scene.api.get(path))["results"]]
    assert counts == dict.fromkeys(STAGES, 1)
    assert found == {stage: [stage] for stage in STAGES}


def test_without_an_environment_the_stage_filters_nothing(scene: Scene) -> None:
    make_one_of_each(scene)

    listed = json_of(scene.api.get(f"projects/{scene.project.pk}/features/?lifecycle_stage=new"))

    assert listed["count"] == len(STAGES)


def age(scene: Scene, days: int) -> None:
    then = datetime.now(UTC) - days * DAY
    Feature.objects.filter(project=scene.project).update(created_date=then)
    FeatureState.objects.filter(feature__project=scene.project).update(updated_at=then)


def version(scene: Scene) -> None:
    Environment.objects.filter(pk=scene.environment.pk).update(use_v2_feature_versioning=True)


def marked(scene: Scene) -> list[str]:
    return sorted(Feature.live.filter(project=scene.project, tags__type="STALE").values_list("name", flat=True))


def test_unchanged_features_get_the_systems_tag_and_lose_it_when_they_change(scene: Scene) -> None:
    old, kept = scene.feature("old"), scene.feature("kept")
    tag(scene, kept, is_permanent=True)
    age(scene, scene.project.stale_flags_limit_days + 1)
    scene.feature("young")
    state = scene.default(old)
    version(scene)

    changes = [stale_tags.mark_all(now=datetime.now(UTC)) for _ in range(2)]
    first = marked(scene)
    Environment.objects.update(use_v2_feature_versioning=False)
    update(state, Change(enabled=True), by=SYSTEM)
    version(scene)
    stale_tags.mark_all(now=datetime.now(UTC))

    assert changes == [1, 0]
    assert (first, marked(scene)) == (["old"], [])
    made = Tag.objects.get(type="STALE")
    assert (made.label, made.is_system_tag) == ("Stale", True)
    kinds = Event.objects.filter(kind__contains="marked_stale").order_by("pk").values_list("kind", "subject_id")
    assert list(kinds) == [("feature.marked_stale", str(old.pk)), ("feature.unmarked_stale", str(old.pk))]
    assert not AuditRecord.objects.filter(log__icontains="stale").exists()


def test_projects_without_versions_are_left_alone(scene: Scene) -> None:
    scene.feature("old")
    age(scene, scene.project.stale_flags_limit_days + 1)

    assert stale_tags.mark_all(now=datetime.now(UTC)) == 0
    assert not Tag.objects.filter(project=scene.project).exists()


def test_the_systems_tag_cannot_be_changed_by_people(scene: Scene) -> None:
    made = Tag.objects.create(project=scene.project, label="Stale", type="STALE", is_system_tag=True)
    path = f"projects/{scene.project.pk}/tags/{made.pk}/"

    assert json_of(scene.api.patch(path, {"label": "Fresh"}), 400) == ["Cannot update a system tag."]
    assert json_of(scene.api.delete(path), 400) == {"message": "Cannot delete a system tag."}
