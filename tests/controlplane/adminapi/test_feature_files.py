"""Features of an environment as a file."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_environment, make_user
from vexil.controlplane.actions import feature_files, feature_states, values, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.db.models import Environment, Feature, FeatureExport, FeatureImport, FeatureState, Tag
from vexil.controlplane.jobs import feature_files as jobs
from vexil.controlplane.permissions import SYSTEM

_BOUNDARY = "boundary"
ALPHA = {
    "name": "alpha",
    "default_enabled": True,
    "is_server_key_only": False,
    "initial_value": "one",
    "value": "imported",
    "type": "unicode",
    "enabled": True,
    "multivariate": [
        {"percentage_allocation": 30.0, "default_percentage_allocation": 25.0, "value": 7, "type": "int"},
    ],
}


def run_jobs() -> None:
    while jobs.do_next(now=datetime.now(UTC)):
        pass


def upload(scene: Scene, content: str, strategy: str, environment: Environment | None = None) -> Any:
    """The answer to a multipart import."""
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="strategy"\r\n\r\n{strategy}\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n{content}\r\n'
        f"--{_BOUNDARY}--\r\n"
    )
    target = environment or scene.environment
    return scene.api.post(
        f"features/feature-import/{target.pk}",
        parts.encode(),
        Content_Type=f"multipart/form-data; boundary={_BOUNDARY}",
    )


def imported(scene: Scene, items: list[Any], strategy: str) -> str:
    """How an import ended."""
    started = json_of(upload(scene, json.dumps(items), strategy), 201)
    assert started["status"] == "PROCESSING"
    run_jobs()
    return FeatureImport.objects.get(pk=started["id"]).status


def state_of(environment: Environment, name: str) -> tuple[bool, Any, list[tuple[Any, float]]]:
    state = FeatureState.current.get(
        environment=environment, feature__name=name, feature_segment=None, identity_id=None
    )
    return state.enabled, state.value, [(row.option.value, row.percentage) for row in state.allocations.order_by("pk")]


def two_options() -> list[OptionFields]:
    return [
        OptionFields(value=values.of_native(7), percentage=10.0),
        OptionFields(value=values.of_native("other"), percentage=20.0),
    ]


def test_an_export_holds_the_features_of_one_environment_that_have_a_tag() -> None:
    scene = make_scene()
    tag = Tag.objects.create(project=scene.project, label="go")
    tagged = scene.feature("alpha", initial_value="1", tags=[tag], options=two_options()[:1])
    scene.feature("untagged")
    feature_states.update(scene.default(tagged), Change(enabled=True, value=values.of_native("now")), by=SYSTEM)

    started = json_of(
        scene.api.post(
            "features/create-feature-export/", {"environment_id": scene.environment.pk, "tag_ids": [tag.pk]}
        ),
        201,
    )
    early = scene.api.get(f"features/download-feature-export/{started['id']}/")
    run_jobs()
    late = scene.api.get(f"features/download-feature-export/{started['id']}/")
    rows = json_of(scene.api.get(f"projects/{scene.project.pk}/feature-exports/"))["results"]

    moment = datetime.fromisoformat(started["created_at"])
    assert started == {
        "id": started["id"],
        "name": f"{scene.environment.name} | {moment:%Y-%m-%d %H:%M} UTC",
        "environment_id": scene.environment.pk,
        "status": "PROCESSING",
        "created_at": started["created_at"],
    }
    assert json_of(early, 400) == {"detail": "The export is still being made."}
    assert late.headers["Content-Disposition"].startswith("attachment;")
    assert json_of(late) == [
        {
            "name": "alpha",
            "default_enabled": False,
            "is_server_key_only": False,
            "initial_value": "1",
            "value": "now",
            "type": "unicode",
            "enabled": True,
            "multivariate": [
                {"percentage_allocation": 10.0, "default_percentage_allocation": 10.0, "value": 7, "type": "int"}
            ],
        }
    ]
    assert rows == [{**started, "status": "SUCCESS"}]


def test_skip_makes_what_is_missing_and_leaves_the_rest_alone() -> None:
    scene = make_scene()
    elsewhere = make_environment(scene.project)
    scene.feature("alpha", initial_value="mine")

    status = imported(scene, [ALPHA, {**ALPHA, "name": "new"}], "SKIP")

    assert status == "SUCCESS"
    assert state_of(scene.environment, "alpha") == (False, "mine", [])
    assert state_of(scene.environment, "new") == (True, "imported", [(7, 30.0)])
    assert state_of(elsewhere, "new") == (True, "one", [(7, 25.0)])


def test_overwriting_drops_overrides_in_one_environment_with_and_without_versions() -> None:
    for uses_versions in (False, True):
        scene = make_scene()
        elsewhere = make_environment(scene.project)
        feature = scene.feature("alpha", initial_value="mine", options=two_options())
        identity, segment = scene.identity(), scene.segment()
        path = f"environments/{scene.environment.api_key}/features/{feature.pk}/create-segment-override/"
        body = {"feature_segment": {"segment": segment.pk}, "enabled": True, "feature_state_value": {}}
        json_of(scene.api.post(path, body), 201)
        feature_states.create(scene.environment, feature, Change(enabled=True), identity=identity, by=SYSTEM)
        if uses_versions:
            versioning.enable(scene.environment, by=SYSTEM)

        status = imported(scene, [ALPHA], "OVERWRITE_DESTRUCTIVE")

        here = FeatureState.current.filter(environment=scene.environment, feature=feature)
        assert status == "SUCCESS"
        assert here.count() == 1
        assert state_of(scene.environment, "alpha") == (True, "imported", [(7, 30.0), ("other", 0.0)])
        assert state_of(elsewhere, "alpha") == (False, "mine", [(7, 10.0), ("other", 20.0)])
        assert Feature.objects.get(pk=feature.pk).initial_value == "mine"
        published = scene.snapshot()
        assert [(state.enabled, state.value) for state in published.defaults] == [(True, "imported")]
        assert [one.overrides for one in published.segments] == [[]]
        assert published.identity_overrides == []


def test_an_option_that_only_the_file_has_counts_in_no_other_environment() -> None:
    scene = make_scene()
    elsewhere = make_environment(scene.project)
    scene.feature("alpha", initial_value="mine")

    status = imported(scene, [ALPHA], "OVERWRITE_DESTRUCTIVE")

    assert status == "SUCCESS"
    assert state_of(scene.environment, "alpha") == (True, "imported", [(7, 30.0)])
    assert state_of(elsewhere, "alpha") == (False, "mine", [(7, 0.0)])


def test_a_file_that_cannot_be_read_changes_nothing_and_fails() -> None:
    scene = make_scene()
    without_type = {name: value for name, value in ALPHA.items() if name != "type"}

    statuses = [
        imported(scene, items, "SKIP")
        for items in (
            [ALPHA, {**without_type, "name": "b"}],
            [ALPHA, {**ALPHA, "name": "b", "value": 5}],
            [ALPHA, "text"],
            [{**ALPHA, "name": "a\x00b"}],
        )
    ]
    json_of(upload(scene, "this is not JSON", "SKIP"), 201)
    run_jobs()

    assert statuses == ["FAILED"] * 4
    assert Feature.live.filter(project=scene.project).count() == 0
    assert [row.error for row in FeatureImport.objects.order_by("pk")][:2] == [
        "Entry 2 has no 'type'.",
        "Entry 2 cannot be read: the value 5 is not of type unicode",
    ]
    assert FeatureImport.objects.filter(status="FAILED").count() == 5


def test_wrong_imports_are_refused() -> None:
    scene = make_scene()
    path = f"features/feature-import/{scene.environment.pk}"

    nothing = scene.api.post(path, {})
    large = upload(scene, " " * 1_000_001, "SKIP")
    strategy = upload(scene, "[]", "MERGE")
    first = upload(scene, "[]", "SKIP")
    second = upload(scene, "[]", "SKIP")
    outsider = scene.api.as_user(make_user()).post(path, {})

    assert json_of(nothing, 400) == {"file": ["No file was submitted."], "strategy": ["This field is required."]}
    assert json_of(large, 400) == {"file": ["File size is too large."]}
    assert json_of(strategy, 400) == {"strategy": ['"MERGE" is not a valid choice.']}
    json_of(first, 201)
    assert second.status_code == 400
    assert "Can't import features, since already processing a feature import." in second.content.decode()
    json_of(outsider, 403)


def test_wrong_exports_are_refused() -> None:
    scene = make_scene()
    path = "features/create-feature-export/"

    nothing = scene.api.post(path, {})
    unknown = scene.api.post(path, {"environment_id": 99_999_999, "tag_ids": []})
    download = scene.api.get("features/download-feature-export/99999999/")

    assert json_of(nothing, 400) == {
        "environment_id": ["This field is required."],
        "tag_ids": ["This field is required."],
    }
    json_of(unknown, 403)
    assert json_of(download, 404) == {"detail": "No FeatureExport matches the given query."}


def test_files_are_given_up_after_ten_minutes_and_forgotten_after_two_weeks() -> None:
    scene = make_scene()
    export = feature_files.request_export(scene.environment, [], by=SYSTEM)
    wanted = feature_files.request_import(scene.environment, "[]", strategy="SKIP", by=SYSTEM)
    now = export.created_at

    feature_files.clean_up(now=now + timedelta(minutes=9))
    before = [FeatureExport.objects.get().status, FeatureImport.objects.get().status]
    feature_files.clean_up(now=now + timedelta(minutes=11))
    after = [FeatureExport.objects.get().status, FeatureImport.objects.get(pk=wanted.pk).status]
    feature_files.clean_up(now=now + timedelta(days=14, minutes=1))

    assert (before, after) == (["PROCESSING"] * 2, ["FAILED"] * 2)
    assert (FeatureExport.objects.count(), FeatureImport.objects.count()) == (0, 0)


def test_ten_more_files_cost_no_more_statements() -> None:
    scene = make_scene()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            json_of(scene.api.get(f"projects/{scene.project.pk}/feature-exports/"))
        return len(queries)

    feature_files.request_export(scene.environment, [], by=SYSTEM)
    few = statements()
    for _ in range(10):
        feature_files.request_export(scene.environment, [], by=SYSTEM)

    assert statements() == few
