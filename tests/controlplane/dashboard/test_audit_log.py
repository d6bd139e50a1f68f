"""The audit log as people read it."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_project, make_environment, make_master_api_key, make_user
from vexil.controlplane.actions import feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import AuditRecord, Membership
from vexil.controlplane.permissions import VIEW_AUDIT_LOG, VIEW_PROJECT, Actor

_CONDITION = {"operator": "EQUAL", "property": "plan", "value": "pro"}
SEGMENT = {"name": "pros", "rules": [{"type": "ALL", "rules": [], "conditions": [_CONDITION]}]}


def path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/audit-log{rest}"


def organisation_path(scene: Scene, rest: str = "") -> str:
    return f"/organisation/{scene.project.organisation_id}/audit-log{rest}"


def switch(scene: Scene, name: str, change: Change, *, by: Actor | None = None) -> None:
    feature_states.update(scene.default(scene.feature(name)), change, by=by or Actor(user=scene.admin))


def test_an_empty_log_says_what_will_be_in_it(scene: Scene, admin: Pages) -> None:
    assert admin.get(path(scene)).texts(".empty h2") == ["Nothing has been changed yet"]


def test_a_line_tells_who_did_what_and_where(scene: Scene, admin: Pages) -> None:
    token, _ = make_master_api_key(scene.project.organisation)
    switch(scene, "banner", Change(enabled=True), by=Actor(user=scene.admin))
    switch(scene, "price", Change(value=of_native("9")), by=Actor(master_api_key=token))

    for listed in (admin.get(path(scene)), admin.get(organisation_path(scene))):
        people = [row.select("td")[-1].get_text(strip=True) for row in listed.soup.select("tbody tr")]
        assert listed.texts("td .strong") == [
            "Remote config value updated for feature: price",
            "Flag state updated for feature: banner",
        ]
        assert people == [f"API token {token.prefix}…", "Test User"]


def test_a_line_opens_what_was_before_and_after(scene: Scene, admin: Pages) -> None:
    switch(scene, "price", Change(value=of_native("9")))
    switch(scene, "banner", Change(enabled=True, value=of_native("<b>new</b>")))
    value = AuditRecord.objects.get(log="Remote config value updated for feature: banner")

    listed = admin.get(path(scene))
    opened = admin.get(path(scene, f"/{value.pk}"))

    assert path(scene, f"/{value.pk}") in listed.attributes("td a", "href")
    assert opened.texts("tbody tr") == ["Value nothing <b>new</b>"]
    assert opened.texts("ins") == ["<b>new</b>"]
    assert admin.get(organisation_path(scene, f"/{value.pk}")).texts("tbody tr") == opened.texts("tbody tr")
    assert admin.get(path(scene, "/999999")).status == 404


def test_the_log_is_searched_and_filtered(scene: Scene, admin: Pages) -> None:
    other = make_environment(scene.project, name="Staging")
    switch(scene, "banner", Change(enabled=True))
    scene.api.post(f"projects/{scene.project.pk}/segments/", SEGMENT)

    def found(**query: object) -> list[str]:
        return admin.fragment(path(scene), query).texts("td .strong")

    assert found(search="PROS") == found(kind="SEGMENT") == ["New Segment created: pros"]
    assert found(kind="FEATURE_STATE", environment=scene.environment.pk)[0] == "Flag state updated for feature: banner"
    assert "New Segment created: pros" not in found(environment=scene.environment.pk)
    assert all("Flag state updated" not in line for line in found(environment=other.pk))
    assert found(search="nobody") == []
    assert admin.get(organisation_path(scene), {"project": scene.project.pk, "kind": "SEGMENT"}).texts(
        "td .strong"
    ) == ["New Segment created: pros"]
    assert admin.get(path(scene), {"environment": "²", "kind": "?", "page": "x"}).status == 200


def test_who_may_not_see_it_neither_finds_it_nor_opens_it(scene: Scene) -> None:
    member, reader, stranger = make_user(), make_user(), make_user()
    switch(scene, "banner", Change(enabled=True))
    record = AuditRecord.objects.first()
    assert record is not None
    for user, rights in ((member, [VIEW_PROJECT]), (reader, [VIEW_PROJECT, VIEW_AUDIT_LOG])):
        Membership.objects.create(user=user, organisation=scene.project.organisation)
        grant_project(user, scene.project, *rights)

    def statuses(pages: Pages) -> list[int]:
        both = (path(scene), path(scene, f"/{record.pk}"))
        organisation = (organisation_path(scene), organisation_path(scene, f"/{record.pk}"))
        return [pages.get(one).status for one in (*both, *organisation)]

    assert statuses(Pages(member)) == [403, 403, 403, 403]
    assert statuses(Pages(reader)) == [200, 200, 403, 403]
    assert statuses(Pages(stranger)) == [404, 404, 404, 404]
    assert path(scene) not in Pages(member).get(f"/project/{scene.project.pk}/segments").attributes("nav a", "href")


def test_records_of_another_project_do_not_open(scene: Scene, admin: Pages) -> None:
    from_elsewhere = AuditRecord.objects.create(
        event_id=_event_id(scene), created_at=scene.admin.date_joined, project_id=scene.project.pk + 1, log="elsewhere"
    )

    assert admin.get(path(scene, f"/{from_elsewhere.pk}")).status == 404
    assert "elsewhere" not in admin.get(path(scene)).text


def test_more_records_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    for address in (path(scene), organisation_path(scene)):
        switch(scene, f"first {address[1:4]}", Change(enabled=True), by=Actor(user=scene.admin))
        admin.get(address)
        with CaptureQueriesContext(connection) as few:
            admin.get(address)
        for number in range(10):
            switch(scene, f"{address[1:4]} {number}", Change(enabled=True), by=Actor(user=make_user()))
        with CaptureQueriesContext(connection) as many:
            admin.get(address)

        assert len(many) == len(few) <= 12


def _event_id(scene: Scene) -> int:
    switch(scene, "here", Change(enabled=True))
    record = AuditRecord.objects.first()
    assert record is not None
    return record.event_id
