"""The list of features: what it shows, finds and changes, and for whom."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Page, Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_segments, feature_states, many_features, tags, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import Feature, Membership, Role, User
from vexil.controlplane.permissions import SYSTEM


def url(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features{rest}"


def names(page: Page) -> list[str]:
    return page.texts(".feature-name > a")


def member(scene: Scene, *rights: str, here: tuple[str, ...] = ()) -> User:
    user = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=user, role=Role.USER)
    grant_project(user, scene.project, permissions.VIEW_PROJECT, *rights)
    grant_environment(user, scene.environment, permissions.VIEW_ENVIRONMENT, *here)
    return user


def test_a_row_shows_what_a_feature_is_in_the_environment(scene: Scene, admin: Pages) -> None:
    tag = tags.create(scene.project, label="keep", color="#123456", is_permanent=True, by=SYSTEM)
    feature = scene.feature(
        "banner",
        initial_value="<b>250</b>",
        default_enabled=True,
        is_server_key_only=True,
        tags=[tag],
        options=[OptionFields(value=of_native("x"), percentage=10)],
    )
    feature_segments.create_override(scene.environment, feature, scene.segment(), Change(enabled=True), by=SYSTEM)
    feature_states.create(scene.environment, feature, Change(enabled=True), by=SYSTEM, identity=scene.identity())

    page = admin.get(url(scene))

    assert names(page) == ["banner"]
    assert page.texts(".feature-value code") == ["<b>250</b>"]
    assert page.attributes(".feature-switch [role=switch]", "aria-checked") == ["true"]
    marks = ["server-side only", "multivariate", "permanent", "1 segment", "1 identity"]
    assert page.texts(".feature-marks .badge") == marks
    assert page.texts(".feature-marks .tag") == ["keep"]
    assert page.texts(".feature-numbers > div") == [
        "Features 1",
        "On here 1",
        "Segment overrides 1",
        "Identity overrides 1",
    ]


def test_the_list_finds_sorts_and_keeps_its_filters_in_the_address(scene: Scene, admin: Pages) -> None:
    one, two = (tags.create(scene.project, label=label, by=SYSTEM) for label in ("one", "two"))
    scene.feature("alpha", initial_value="needle", default_enabled=True, tags=[one, two], owners=[scene.admin])
    scene.feature("beta", tags=[one])
    scene.feature("gamma")
    scene.feature("old", is_archived=True)

    def found(**query: Any) -> list[str]:
        return names(admin.get(url(scene), {"sort": "name", **query}))

    assert found() == ["alpha", "beta", "gamma"]
    assert found(sort="-name") == ["gamma", "beta", "alpha"]
    assert found(search="ET") == ["beta"]
    assert found(tags=[one.pk, two.pk]) == ["alpha"]
    assert found(tags=[one.pk, two.pk], tag_strategy="UNION") == ["alpha", "beta"]
    assert found(untagged="true") == ["gamma"]
    assert found(is_enabled="true") == ["alpha"]
    assert found(value_search="need") == ["alpha"]
    assert found(owners=scene.admin.pk) == ["alpha"]
    assert found(stage="new") == ["alpha", "beta", "gamma"]
    assert found(stage="permanent") == []
    assert found(archived="true") == ["old"]
    assert found(archived="any") == ["alpha", "beta", "gamma", "old"]
    assert found(tags="x", owners="²", sort="what", page="-3") == ["gamma", "beta", "alpha"]

    page = admin.fragment(url(scene), {"search": "a", "tags": [one.pk], "is_enabled": "true"})
    assert page.texts(".feature-chips .badge") == ["Name contains “a”", "Tagged one", "On"]
    assert [address.split("?")[1] for address in page.attributes(".feature-chips .badge", "href")] == [
        f"tags={one.pk}&is_enabled=true",
        "search=a&is_enabled=true",
        f"search=a&tags={one.pk}",
    ]
    assert page.soup.select("html") == []
    filters = admin.get(url(scene, "/filters"), {"tags": [one.pk]})
    assert filters.attributes("[name=tags][checked]", "value") == [str(one.pk)]


def test_a_switch_acts_at_once_and_answers_with_its_row(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")

    page = admin.post_fragment(url(scene, f"/{feature.pk}/enabled"), {"enabled": "true"})
    away = admin.post(url(scene, f"/{feature.pk}/enabled"), {"enabled": "false", "query": "search=f"})

    assert page.attributes(f"tr#feature-{feature.pk} [role=switch]", "aria-checked") == ["true"]
    assert page.texts(".toast") == [f"flag is on in {scene.environment.name}."]
    assert away.location == url(scene, "?search=f")
    assert scene.default(feature).enabled is False


def test_where_features_have_versions_a_switch_publishes_one(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    versioning.enable(scene.environment, by=SYSTEM)

    admin.post_fragment(url(scene, f"/{feature.pk}/enabled"), {"enabled": "true"})

    assert feature.versions.filter(published=True).count() == 2
    assert [state.enabled for state in scene.snapshot().defaults] == [True]


def test_many_features_change_together(scene: Scene, admin: Pages) -> None:
    chosen = [scene.feature(name).pk for name in ("a", "b", "c")]
    tag = tags.create(scene.project, label="later", by=SYSTEM)
    many = url(scene, "/many")

    admin.post(many, {"do": "enable", "feature": chosen[:2]})
    asked = admin.post(many, {"do": "tag", "feature": chosen[:2]})
    admin.post(many, {"do": "tag", "feature": chosen[:2], "tag": tag.pk})
    admin.post(many, {"do": "archive", "feature": chosen[2:]})

    page = admin.get(url(scene), {"sort": "name"})
    assert asked.attributes("[name=feature]", "value") == [str(pk) for pk in chosen[:2]]
    assert names(page) == ["a", "b"]
    assert page.attributes(".feature-switch [role=switch]", "aria-checked") == ["true", "true"]
    assert page.texts(".feature-marks .tag") == ["later", "later"]
    assert asked.texts(".toast") == [f"2 features switched on in {scene.environment.name}."]
    assert page.texts(".toast") == ["2 features tagged later.", "1 feature archived."]


def test_deleting_many_asks_for_the_projects_name_and_spares_permanent_ones(scene: Scene, admin: Pages) -> None:
    keep = tags.create(scene.project, label="keep", is_permanent=True, by=SYSTEM)
    chosen = [scene.feature("goes").pk, scene.feature("stays", tags=[keep]).pk]
    form = {"do": "delete", "feature": chosen}

    asked = admin.post(url(scene, "/many"), form)
    wrong = admin.post(url(scene, "/many"), {**form, "confirm_name": "x"})
    before = Feature.live.count()
    admin.post(url(scene, "/many"), {**form, "confirm_name": scene.project.name})

    assert asked.texts(".feature-names li") == ["goes"]
    assert wrong.texts(".error") == ["This is not the name of the project."]
    assert before == 2
    assert list(Feature.live.values_list("name", flat=True)) == ["stays"]


def test_one_is_deleted_only_by_its_name(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")

    admin.post(url(scene, f"/{feature.pk}/delete"), {"confirm_name": "flog"})
    before = Feature.live.count()
    admin.post(url(scene, f"/{feature.pk}/delete"), {"confirm_name": "flag"})

    assert (before, Feature.live.count()) == (1, 0)


def test_who_may_only_look_can_change_nothing(scene: Scene) -> None:
    feature = scene.feature("flag")
    pages = Pages(member(scene))

    page = pages.get(url(scene))
    answers = [
        pages.post(url(scene, f"/{feature.pk}/enabled"), {"enabled": "true"}),
        pages.post(url(scene, f"/{feature.pk}/delete"), {"confirm_name": "flag"}),
        *(pages.post(url(scene, "/many"), {"do": do, "feature": feature.pk}) for do in ("enable", "tag", "delete")),
        pages.get(url(scene, "/create")),
    ]

    assert [answer.status for answer in answers] == [403] * 6
    assert len(page.soup.select(".feature-switch [role=switch][disabled]")) == 1
    assert page.soup.select("form#many, [data-shortcut=n], .menu-list .danger") == []


def test_what_changes_by_request_is_locked(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    scene.environment.minimum_change_request_approvals = 1
    scene.environment.save()

    page = admin.post_fragment(url(scene, f"/{feature.pk}/enabled"), {"enabled": "true"})

    assert page.texts(".toast.error") == [
        "Flags of this environment change by change requests only, so nothing was changed."
    ]
    assert len(page.soup.select("[role=switch][disabled]")) == 1


def test_ten_more_features_cost_no_statement(scene: Scene, admin: Pages) -> None:
    limited = Pages(member(scene, here=(permissions.UPDATE_FEATURE_STATE,)))
    tag = tags.create(scene.project, label="t", by=SYSTEM)
    scene.feature("first", tags=[tag])
    few = [_statements(pages, url(scene)) for pages in (admin, limited)]
    for number in range(10):
        scene.feature(f"feature_{number}", tags=[tag], options=[OptionFields(value=of_native("x"), percentage=1)])

    assert [_statements(pages, url(scene)) for pages in (admin, limited)] == few
    assert few == [9, 10]


def test_many_switched_at_once_are_published_once(scene: Scene) -> None:
    chosen = [scene.feature(name) for name in ("a", "b", "c")]
    scene.environment.refresh_from_db()
    before = scene.environment.version

    changed = many_features.switch(scene.environment, chosen, enabled=True, by=SYSTEM)

    scene.environment.refresh_from_db()
    assert (changed, scene.environment.version) == (3, before + 1)


def _statements(pages: Pages, path: str) -> int:
    pages.get(path)
    with CaptureQueriesContext(connection) as captured:
        pages.get(path)
    return len(captured)
