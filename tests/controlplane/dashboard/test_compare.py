"""Two environments side by side, and what is copied from one to the other; one feature in all of them."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Page, Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane import permissions
from vexil.controlplane.actions import environments, feature_segments, feature_updates, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import Update
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import Environment, Feature, Membership, Role
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import feature_states


def other_of(scene: Scene) -> Environment:
    return environments.create(scene.project, name="Other", by=SYSTEM)


def change(environment: Environment, feature: Feature, value: str) -> None:
    feature_updates.merge(environment, feature, Update(default=Change(True, of_native(value))), by=SYSTEM)


def state(environment: Environment, feature: Feature) -> tuple[bool, object, list[str]]:
    default = feature_states.default(environment, feature)
    assert default is not None
    overrides = feature_states.overrides(environment, feature)
    return (
        default.enabled,
        default.value,
        [each.feature_segment.segment.name for each in overrides if each.feature_segment],
    )


def previewed(page: Page) -> dict[str, object]:
    form = page.one("main form")
    fields: dict[str, list[str]] = {}
    for field in form.select("input[name]"):
        fields.setdefault(str(field["name"]), []).append(str(field.get("value", "on")))
    return dict(fields)


def test_only_what_differs_is_shown_with_how(scene: Scene, admin: Pages) -> None:
    other = other_of(scene)
    scene.feature("same")
    valued, targeted = scene.feature("valued", initial_value="a"), scene.feature("targeted")
    change(other, valued, "b")
    feature_segments.create_override(scene.environment, targeted, scene.segment("vips"), Change(True), by=SYSTEM)
    url = f"/project/{scene.project.pk}/compare"

    page = admin.get(url, {"left": scene.environment.pk, "right": other.api_key})

    assert page.texts(".compare-name") == ["targeted", "valued"]
    assert page.texts(".compare-short") == ["off · a on · b"]
    assert page.texts(".compare-rows .badge.warn")[0] == "1 segment override"
    assert page.texts(".feature-numbers > div") == ["Features 3", "Different 2"]
    assert admin.get(url, {"show": "all", "search": "sam"}).texts(".compare-name") == ["same"]


def test_differences_are_copied_after_a_preview(scene: Scene, admin: Pages) -> None:
    other = other_of(scene)
    feature = scene.feature("flag", initial_value="a")
    segment = scene.segment("vips")
    feature_segments.create_override(scene.environment, feature, segment, Change(True, of_native("x")), by=SYSTEM)
    feature_segments.create_override(other, feature, scene.segment("old"), Change(True), by=SYSTEM)
    change(scene.environment, feature, "new")
    versioning.enable(other, by=SYSTEM)
    url = f"/project/{scene.project.pk}/compare"
    form = {"feature": feature.pk, "target": other.pk, "sides": [scene.environment.pk, other.pk]}

    page = admin.post(f"{url}/preview", form)
    before = state(other, feature)
    admin.post(f"{url}/copy", previewed(page))

    assert page.texts(".comparison > p > .badge") == ["new in Other", "goes from Other"]
    assert before == (False, "a", ["old"])
    assert state(other, feature) == state(scene.environment, feature) == (True, "new", ["vips"])


def test_parts_can_be_left_out(scene: Scene, admin: Pages) -> None:
    other = other_of(scene)
    feature = scene.feature("flag", initial_value="a")
    feature_segments.create_override(scene.environment, feature, scene.segment("vips"), Change(True), by=SYSTEM)
    change(scene.environment, feature, "new")
    url = f"/project/{scene.project.pk}/compare"
    form = {"feature": feature.pk, "target": other.pk, "sides": [scene.environment.pk, other.pk]}

    sent = previewed(admin.post(f"{url}/preview", form))
    admin.post(f"{url}/copy", {name: value for name, value in sent.items() if not name.startswith("overrides-")})

    assert state(other, feature) == (True, "new", [])


def test_what_changed_since_the_preview_is_not_copied(scene: Scene, admin: Pages) -> None:
    other = other_of(scene)
    feature, second = scene.feature("flag"), scene.feature("second")
    change(scene.environment, feature, "new")
    change(scene.environment, second, "new")
    url = f"/project/{scene.project.pk}/compare"
    sides = [scene.environment.pk, other.pk]
    sent = previewed(
        admin.post(f"{url}/preview", {"feature": [feature.pk, second.pk], "target": other.pk, "sides": sides})
    )
    change(other, second, "theirs")

    page = admin.get(admin.post(f"{url}/copy", sent).location)

    assert page.texts(".toast.error") == [
        "Somebody changed one of these meanwhile, so nothing was copied. Look at them again."
    ]
    assert (state(other, feature)[1], state(other, second)[1]) == (None, "theirs")


def test_who_may_not_change_flags_there_cannot_copy(scene: Scene) -> None:
    other = other_of(scene)
    feature = scene.feature("flag")
    change(scene.environment, feature, "new")
    user = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=user, role=Role.USER)
    grant_project(user, scene.project, permissions.VIEW_PROJECT)
    for environment in (scene.environment, other):
        grant_environment(user, environment, permissions.VIEW_ENVIRONMENT)
    pages, url = Pages(user), f"/project/{scene.project.pk}/compare"
    form = {"feature": feature.pk, "target": other.pk, "sides": [scene.environment.pk, other.pk]}

    answers = [pages.post(f"{url}/{what}", form).status for what in ("preview", "copy")]

    assert answers == [403, 403]
    assert pages.get(url).soup.select("button[name=target]") == []
    hidden = environments.create(scene.project, name="Hidden", by=SYSTEM)
    assert pages.post(f"{url}/preview", {**form, "target": hidden.pk}).status == 404


def test_one_feature_is_switched_in_each_environment(scene: Scene, admin: Pages) -> None:
    other = other_of(scene)
    feature = scene.feature("flag")
    url = f"/project/{scene.project.pk}/flag/{feature.pk}/environments"

    page = admin.get(url)
    row = admin.post_fragment(f"{url}/{other.pk}", {"enabled": "true"})

    assert page.texts("tbody td:first-child") == [scene.environment.name, "Other"]
    assert row.attributes(f"tr#environment-{other.pk} [role=switch]", "aria-checked") == ["true"]
    assert (state(scene.environment, feature)[0], state(other, feature)[0]) == (False, True)
    assert admin.post(f"{url}/999999", {"enabled": "true"}).status == 404


def test_ten_more_features_cost_comparing_no_statement(scene: Scene, admin: Pages) -> None:
    other = other_of(scene)
    url = f"/project/{scene.project.pk}/compare"
    change(other, scene.feature("first"), "x")
    few = _statements(admin, url)
    for number in range(10):
        change(other, scene.feature(f"f{number}"), "x")

    assert _statements(admin, url) == few <= 12


def _statements(pages: Pages, path: str) -> int:
    pages.get(path)
    with CaptureQueriesContext(connection) as captured:
        pages.get(path)
    return len(captured)
