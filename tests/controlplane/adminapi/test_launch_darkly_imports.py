"""Imports of LaunchDarkly projects, from a LaunchDarkly on loopback."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from tests.controlplane.launch_darkly import TOKEN, LaunchDarkly, clause, flag, reset_in, running, setting
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_user
from vexil import engine
from vexil.controlplane.actions import launch_darkly_imports as actions
from vexil.controlplane.db.models import Environment, Feature, LaunchDarklyImport, Segment
from vexil.controlplane.jobs import launch_darkly_imports as jobs
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import explanations

ENVIRONMENTS = [{"key": "production", "name": "Live"}, {"key": "test", "name": "Test"}]


@pytest.fixture
def source() -> Iterator[LaunchDarkly]:
    known = LaunchDarkly(environments=ENVIRONMENTS)
    with running(known), override_settings(VEXIL=replace(settings.VEXIL, launch_darkly_url=known.url)):
        yield known


def path_of(scene: Scene) -> str:
    return f"projects/{scene.project.pk}/imports/launch-darkly/"


def imported(scene: Scene, pause: Callable[[float], None] = time.sleep, **body: Any) -> Any:
    """What the Admin API shows of an import that has ended."""
    sent = {"token": TOKEN, "project_key": "web", **body}
    started = json_of(scene.api.post(path_of(scene), sent), 201)
    assert jobs.do_next(now=datetime.now(UTC), pause=pause)
    return json_of(scene.api.get(f"{path_of(scene)}{started['id']}/"))


def given(scene: Scene, environment: str, identifier: str, **traits: Any) -> dict[str, tuple[bool, Any]]:
    """What an identity gets there, as an SDK would."""
    place = Environment.live.get(project=scene.project, name=environment)
    subject = engine.Subject(
        identifier=identifier,
        key=f"{place.api_key}_{identifier}",
        traits=traits,
        environment_key=place.api_key,
        environment_name=place.name,
    )
    found = explanations.explain(place, subject, is_stored=True).flags
    return {one["feature"]["name"]: (one["enabled"], one["feature_state_value"]) for one in found}


def in_both(**fields: Any) -> dict[str, Any]:
    """The environments of a flag that is off, and false, outside of production."""
    return {"production": setting(**fields), "test": setting(on=False)}


def test_an_import_gives_identities_what_launch_darkly_gave_them(source: LaunchDarkly) -> None:
    scene = make_scene()
    source.segments["production"] = [
        {
            "key": "beta",
            "name": "Beta testers",
            "included": ["ann"],
            "excluded": ["bob"],
            "rules": [{"clauses": [clause("plan", "in", "pro", "team")]}, {"clauses": [clause("age", "lessThan", 18)]}],
        }
    ]
    to_beta = {"variation": 1, "clauses": [clause("", "segmentMatch", "beta")]}
    not_german = {"variation": 2, "clauses": [clause("country", "in", "DE", negate=True)], "description": "abroad"}
    source.flags = [
        flag(
            "dark-mode", environments=in_both(rules=[{"variation": 1, "clauses": [clause("os", "startsWith", "mac")]}])
        ),
        flag("hello", ["hi", "hey", {"a": 1}], tags=["text"], environments=in_both(rules=[to_beta, not_german])),
        flag("limit", [10, 20], environments=in_both(targets=[{"values": ["kim", "a,b"], "variation": 1}])),
        flag("old", deprecated=True, environments=in_both()),
        flag("older", archived=True, environments=in_both()),
    ]

    ended = imported(scene)

    assert ended["status"] == {
        "requested_environment_count": 2,
        "requested_flag_count": 5,
        "deprecated_flag_count": 2,
        "result": "success",
        "error_messages": [],
    }
    everybody = {"dark-mode": (True, None), "hello": (True, "hi"), "limit": (True, 10), "old": (True, None)}
    got = given(scene, "Live", "lee")
    assert {name: got[name] for name in everybody} == everybody
    assert given(scene, "Live", "lee", os="macOS")["dark-mode"] == (False, None)
    assert given(scene, "Live", "ann")["hello"] == (True, "hey")
    assert given(scene, "Live", "lee", plan="team")["hello"] == (True, "hey")
    assert given(scene, "Live", "lee", age=17)["hello"] == (True, "hey")
    assert given(scene, "Live", "bob", plan="team")["hello"] == (True, "hi")
    assert given(scene, "Live", "lee", country="FR")["hello"] == (True, '{"a": 1}')
    assert given(scene, "Live", "lee", country="DE")["hello"] == (True, "hi")
    assert [given(scene, "Live", name)["limit"] for name in ("kim", "a,b")] == [(True, 20)] * 2
    assert {enabled for enabled, _ in given(scene, "Test", "kim").values()} == {False}
    features = Feature.live.filter(project=scene.project).order_by("pk")
    assert [(row.name, row.is_archived) for row in features][3:] == [("old", True), ("older", True)]
    assert sorted(features[1].tags.values_list("label", flat=True)) == ["Imported", "text"]


def test_shares_of_everybody_and_of_rules_are_kept(source: LaunchDarkly) -> None:
    scene = make_scene()
    half = {"rollout": {"variations": [{"variation": 0, "weight": 50000}, {"variation": 1, "weight": 50000}]}}
    pros = {**half, "clauses": [clause("plan", "in", "pro")]}
    source.flags = [
        flag("boolean", environments=in_both(fallthrough=half)),
        flag("text", ["a", "b"], environments=in_both(fallthrough=half)),
        flag("rule", environments=in_both(rules=[pros], fallthrough={"variation": 0})),
        flag("text-rule", ["a", "b"], environments=in_both(rules=[pros], fallthrough={"variation": 1})),
    ]

    ended = imported(scene)

    names = [f"user-{number}" for number in range(400)]
    got = [given(scene, "Live", name, plan="pro") for name in names]
    assert ended["status"]["result"] == "success"
    for name, outcome in [
        ("boolean", (True, None)),
        ("text", (True, "b")),
        ("rule", (True, None)),
        ("text-rule", (True, "a")),
    ]:
        assert 130 < sum(one[name] == outcome for one in got) < 270
    assert given(scene, "Live", "lee")["rule"] == (True, None)
    assert given(scene, "Live", "lee")["text-rule"] == (True, "b")


def test_what_cannot_be_said_here_is_listed_and_the_rest_imported(source: LaunchDarkly) -> None:
    scene = make_scene()
    scene.feature("taken")
    source.segments["test"] = [{"key": "huge", "name": "Huge", "unbounded": True}]
    strange = {"variation": 0, "clauses": [clause("plan", "in", "pro"), clause("x", "isOdd", 1)]}
    missing = {"variation": 0, "clauses": [clause("", "segmentMatch", "gone")]}
    needs = [{"key": "good", "variation": 0}]
    source.flags = [
        flag("taken", environments=in_both()),
        flag("good", environments=in_both(rules=[strange, missing], prerequisites=needs, fallthrough={"variation": 1})),
        flag("long", ["x" * 20_001, "b"], environments=in_both()),
    ]

    ended = imported(scene)

    told = json_of(scene.api.get(f"projects/{scene.project.pk}/audit/?search=LaunchDarkly"))["results"]
    assert [(row["log"], row["related_object_type"], row["author"]["id"]) for row in told] == [
        ("LaunchDarkly import completed with gaps", "IMPORT_REQUEST", scene.admin.pk),
        ("New LaunchDarkly import requested", "IMPORT_REQUEST", scene.admin.pk),
    ]
    assert ended["status"]["result"] == "incomplete"
    assert ended["status"]["error_messages"] == [
        "Segment Huge (Test): its members are not in LaunchDarkly's API, since there are so many.",
        "Flag taken: There is a feature of this name that has no tag 'Imported'; it stays as it is.",
        "Flag good in Live: rule 1 was left out: there is no operator 'isOdd'.",
        "Flag good in Live: rule 2 was left out: the segment gone was not imported.",
        "Flag good in Live: its prerequisites (good) have no counterpart.",
        "Flag long: A variation has more than 20,000 characters.",
    ]
    assert given(scene, "Live", "lee", plan="pro")["good"] == (False, None)
    assert given(scene, "Live", "lee")["taken"] == (False, None)


def test_a_second_import_brings_the_first_up_to_date(source: LaunchDarkly) -> None:
    scene = make_scene()
    rule = {"variation": 1, "clauses": [clause("plan", "in", "pro")]}
    source.segments["production"] = [{"key": "beta", "included": ["ann"]}]
    source.flags = [flag("text", ["a", "b"], environments=in_both(rules=[rule]))]
    imported(scene)
    source.segments["production"][0]["included"] = ["kim"]
    source.flags = [flag("text", ["a", "c", "b"], environments=in_both(rules=[{**rule, "variation": 2}]))]

    ended = imported(scene)

    assert ended["status"]["result"] == "success"
    assert given(scene, "Live", "lee", plan="pro")["text"] == (True, "b")
    assert Environment.live.filter(project=scene.project).count() == 3
    assert Segment.live.filter(project=scene.project).count() == 2
    assert Segment.live.get(name="beta").rules[0]["rules"][0]["conditions"][0]["value"] == "kim"


def test_a_full_launch_darkly_is_asked_again_when_it_says(source: LaunchDarkly) -> None:
    scene = make_scene()
    source.flags = [flag("a", environments=in_both())]
    source.refusals = [(429, {"X-Ratelimit-Reset": reset_in(30)}), (429, {"Retry-After": "7"}), (503, {})]
    waits: list[float] = []

    ended = imported(scene, waits.append)

    assert ended["status"]["result"] == "success"
    assert 25 < waits[0] <= 30
    assert waits[1] == 7
    assert 0 < waits[2] <= 4


def test_a_wrong_token_or_project_ends_in_failure(source: LaunchDarkly) -> None:
    scene = make_scene()

    by_token = imported(scene, token="api-wrong")
    by_project = imported(scene, project_key="app")

    assert (by_token["status"]["result"], by_project["status"]["result"]) == ("failure", "failure")
    assert by_token["status"]["error_messages"] == ["LaunchDarkly does not know the access token."]
    assert by_project["status"]["error_messages"] == [
        "LaunchDarkly has no such project, or the access token may not see it."
    ]


def test_only_one_import_runs_and_its_token_is_encrypted_until_it_ends(source: LaunchDarkly) -> None:
    scene = make_scene()

    first = json_of(scene.api.post(path_of(scene), {"token": TOKEN, "project_key": "web"}), 201)
    second = scene.api.post(path_of(scene), {"token": TOKEN, "project_key": "web"})
    nothing = scene.api.post(path_of(scene), {})
    outsider = scene.api.as_user(make_user()).post(path_of(scene), {})
    kept = LaunchDarklyImport.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_token FROM vexil_launchdarklyimport")
        (stored,) = cursor.fetchone()
    token = actions.token_of(kept)
    jobs.do_next(now=datetime.now(UTC))

    assert first == {
        "id": kept.pk,
        "created_by": scene.admin.email,
        "created_at": first["created_at"],
        "updated_at": first["updated_at"],
        "completed_at": None,
        "status": {
            "requested_environment_count": 0,
            "requested_flag_count": 0,
            "deprecated_flag_count": 0,
            "result": None,
            "error_messages": [],
        },
        "project": scene.project.pk,
    }
    assert json_of(second, 400) == ["Existing import already in progress for this project"]
    required = ["This field is required."]
    assert json_of(nothing, 400) == {"token": required, "project_key": required}
    json_of(outsider, 403)
    assert TOKEN not in stored
    assert token == TOKEN
    assert LaunchDarklyImport.objects.get().sealed_token == ""
    assert [row["id"] for row in json_of(scene.api.get(path_of(scene)))] == [kept.pk]
    assert json_of(scene.api.get(f"{path_of(scene)}0/"), 404) == {
        "detail": "No LaunchDarklyImportRequest matches the given query."
    }


def test_an_import_that_was_stopped_begins_again_and_one_that_stands_still_is_given_up(source: LaunchDarkly) -> None:
    scene = make_scene()
    source.refusals = [(429, {})]
    wanted = actions.request(scene.project, token=TOKEN, project_key="web", by=SYSTEM)

    def stop(_: float) -> None:
        raise jobs.Stopping

    with pytest.raises(jobs.Stopping):
        jobs.do_next(now=datetime.now(UTC), pause=stop)
    again = actions.take(now=datetime.now(UTC))
    actions.clean_up(now=datetime.now(UTC) + timedelta(minutes=9))
    before = LaunchDarklyImport.objects.get().result
    actions.clean_up(now=datetime.now(UTC) + timedelta(minutes=11))

    assert again == wanted
    assert before == ""
    assert LaunchDarklyImport.objects.get().result == "failure"
