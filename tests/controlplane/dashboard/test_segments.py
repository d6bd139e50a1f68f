"""Segments as people list, build, try and delete them."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_project, make_user
from vexil.controlplane.actions import feature_segments
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.db.models import Membership, Segment
from vexil.controlplane.permissions import SYSTEM, VIEW_PROJECT

RULES = {"r0.type": "ALL", "r0.c0.operator": "EQUAL", "r0.c0.trait": "plan", "r0.c0.value": "pro"}


def path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/segments{rest}"


def test_an_empty_list_tells_what_to_do(scene: Scene, admin: Pages) -> None:
    page = admin.get(path(scene))

    assert page.texts(".empty h2") == ["No segments yet"]
    assert page.attributes(".empty a", "href") == [path(scene, "/create")]


def test_a_segment_is_created_from_the_form(scene: Scene, admin: Pages) -> None:
    page = admin.post(path(scene, "/create"), {"name": "pros", "description": "", **RULES})

    segment = Segment.live.get(project=scene.project)
    assert (page.status, page.location) == (302, path(scene, f"/{segment.pk}"))
    assert (segment.name, segment.rules[0]["conditions"][0]["value"]) == ("pros", "pro")
    assert admin.get(path(scene)).texts("td .strong") == ["pros"]


def test_a_button_of_the_builder_changes_the_form_and_saves_nothing(scene: Scene, admin: Pages) -> None:
    page = admin.post(path(scene, "/create"), {"name": "", **RULES, "edit": "add-condition:r0"})

    assert page.status == 200
    assert page.texts(".error") == []
    assert page.attributes("[name='r0.c0.value']", "value") == ["pro"]
    assert page.attributes("[name='r0.c1.trait']", "value") == [""]
    assert not Segment.objects.exists()


def test_a_bad_condition_is_told_beside_it_and_keeps_what_was_typed(scene: Scene, admin: Pages) -> None:
    bad = {**RULES, "r0.c0.operator": "REGEX", "r0.c0.value": "(?=x)"}
    page = admin.post(path(scene, "/create"), {"name": "pros", **bad})

    assert page.status == 422
    assert page.texts(".condition .error")[0].startswith("Invalid regular expression: ")
    assert page.attributes("[name='r0.c0.value']", "value") == ["(?=x)"]


def test_a_limit_is_told_in_the_form(scene: Scene, admin: Pages) -> None:
    scene.project.max_segments_allowed = 0
    scene.project.save()

    page = admin.post(path(scene, "/create"), {"name": "pros", **RULES})

    assert (page.status, page.texts(".notice.bad")) == (
        422,
        ["The project has reached the maximum allowed segments limit."],
    )


def test_saving_over_somebody_elses_change_is_noticed(scene: Scene, admin: Pages) -> None:
    segment = scene.segment("pros")
    seen = admin.get(path(scene, f"/{segment.pk}")).attributes("[name=seen]", "value")[0]
    admin.post(path(scene, f"/{segment.pk}"), {"name": "theirs", "seen": seen, **RULES})

    mine = admin.post(path(scene, f"/{segment.pk}"), {"name": "mine", "seen": seen, **RULES})
    now = mine.attributes("[name=seen]", "value")[0]
    again = admin.post(path(scene, f"/{segment.pk}"), {"name": "mine", "seen": now, **RULES})

    assert mine.status == 422
    assert mine.texts(".notice.bad")[0].startswith("Somebody else saved this segment while you were editing it.")
    assert mine.attributes("[name=name]", "value") == ["mine"]
    assert again.status == 302
    assert Segment.live.get(pk=segment.pk).name == "mine"


def test_a_segment_is_deleted_by_its_name_only(scene: Scene, admin: Pages) -> None:
    segment = scene.segment("pros")

    admin.post(path(scene, f"/{segment.pk}/delete"), {"confirm_name": "pro"})
    kept = Segment.live.filter(pk=segment.pk).exists()
    admin.post(path(scene, f"/{segment.pk}/delete"), {"confirm_name": "pros"})

    assert (kept, Segment.live.filter(pk=segment.pk).exists()) == (True, False)


def test_a_copy_opens_under_another_name(scene: Scene, admin: Pages) -> None:
    segment = scene.segment("pros")

    page = admin.post(path(scene, f"/{segment.pk}/clone"))

    copy = Segment.live.exclude(pk=segment.pk).get()
    assert (page.location, copy.name) == (path(scene, f"/{copy.pk}"), "pros (copy)")


def test_the_overrides_of_a_segment_are_listed_with_links(scene: Scene, admin: Pages) -> None:
    segment, feature = scene.segment("pros"), scene.feature("banner")
    feature_segments.create_override(scene.environment, feature, segment, Change(enabled=True), by=SYSTEM)

    page = admin.get(path(scene, f"/{segment.pk}/usage"))

    assert page.texts("tbody td .strong") == ["banner"]
    assert admin.get(path(scene)).texts("td.number") == ["1"]


def test_somebody_is_checked_against_rules_that_are_not_saved(scene: Scene, admin: Pages) -> None:
    form = {**RULES, "environment": scene.environment.api_key, "identifier": "kim", "traits": "plan = pro\nnonsense"}
    pro = admin.post_fragment(path(scene, "/check"), form)
    free = admin.post_fragment(path(scene, "/check"), {**form, "traits": "plan = free"})

    assert pro.texts("p.strong") == ["In the segment"]
    assert pro.texts(".error") == ["“nonsense” is no trait: write key = value ."]
    assert free.texts("p.strong") == ["Not in the segment"]
    assert "is free" in free.text


def test_a_pattern_is_tried_on_a_text(scene: Scene, admin: Pages) -> None:
    def tried(pattern: str, sample: str) -> str:
        return admin.fragment(path(scene, "/pattern"), {"r0.c0.value": pattern, "sample": sample}).text

    assert tried("ab", "abc") == "Matches from the beginning."
    assert tried("b", "abc").startswith("Does not match")
    assert tried("(?=a)", "abc").startswith("Cannot be used: ")


def test_who_may_only_look_finds_no_buttons_and_is_refused(scene: Scene) -> None:
    segment, viewer = scene.segment("pros"), make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    pages = Pages(viewer)

    assert pages.get(path(scene)).status == 200
    assert pages.get(path(scene)).soup.select("a[href$='/create'], form[action$='/delete']") == []
    assert "You may look, but not change" in pages.get(path(scene, f"/{segment.pk}")).text
    refused = [
        pages.get(path(scene, "/create")),
        pages.post(path(scene, f"/{segment.pk}"), {"name": "x", **RULES}),
        pages.post(path(scene, f"/{segment.pk}/clone")),
        pages.post(path(scene, f"/{segment.pk}/delete"), {"confirm_name": "pros"}),
    ]
    assert [page.status for page in refused] == [403, 403, 403, 403]
    assert "Manage the segments of the project" in refused[0].text


def test_names_with_markup_are_shown_as_text(scene: Scene, admin: Pages) -> None:
    segment = scene.segment("<script>alert(1)</script>", trait="<b>x", value="\"'><img src=x>")

    for page in (admin.get(path(scene)), admin.get(path(scene, f"/{segment.pk}"))):
        assert page.soup.select("main script, main img, td b") == []
        assert "<script>alert(1)</script>" in page.text


def test_ten_more_segments_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    scene.segment("one")
    admin.get(path(scene))
    with CaptureQueriesContext(connection) as few:
        admin.get(path(scene))
    for number in range(10):
        scene.segment(f"segment {number}")
    with CaptureQueriesContext(connection) as many:
        admin.get(path(scene))

    assert len(many) == len(few) <= 12
