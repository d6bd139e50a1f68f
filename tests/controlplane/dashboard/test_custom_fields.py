"""Custom fields: defined for an organisation, filled in at environments and segments."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_project, make_user
from vexil.controlplane.actions import metadata_fields
from vexil.controlplane.actions.metadata_fields import Place
from vexil.controlplane.db.models import (
    Environment,
    Membership,
    Metadata,
    MetadataField,
    MetadataModelField,
    MetadataRequirement,
    Segment,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import MANAGE_SEGMENTS, SYSTEM, VIEW_PROJECT

SETTINGS = {"name": "Live", "banner_colour": "", "hide_disabled_flags": ""}


def path(scene: Scene, rest: str = "") -> str:
    return f"/organisation/{scene.project.organisation_id}/custom-fields{rest}"


def field_on(scene: Scene, kind: ContentType, name: str = "Ticket", *, holds: str = "int") -> MetadataModelField:
    """Required in the scene's project."""
    uses = {kind: [Place(ContentType.PROJECT, scene.project.pk)]}
    field = metadata_fields.add(scene.project.organisation, uses, by=SYSTEM, name=name, type=holds, description=None)
    return field.model_fields.get()


def requirements() -> set[tuple[int, int, int]]:
    rows = MetadataRequirement.objects.values_list("model_field__content_type", "content_type", "object_id")
    return set(rows)


def test_a_field_is_created_changed_and_deleted_by_its_name_only(scene: Scene, admin: Pages) -> None:
    project, organisation = scene.project.pk, scene.project.organisation_id
    form = {"name": "Ticket", "type": "int", "description": "Of our tracker"}
    admin.post(path(scene), {**form, "FEATURE": "projects", "FEATURE_projects": project, "SEGMENT": "optional"})
    field = MetadataField.objects.get()
    made, page = requirements(), admin.get(path(scene))
    own = path(scene, f"/{field.pk}")
    filled = admin.get(own)
    admin.post(own, {**form, "type": "url", "FEATURE": "everywhere", "ENVIRONMENT": "optional"})
    field.refresh_from_db()
    kinds = set(field.model_fields.values_list("content_type", flat=True))
    changed = requirements()
    admin.post(f"{own}/delete", {"confirm_name": "x"})
    kept = MetadataField.objects.exists()
    admin.post(f"{own}/delete", {"confirm_name": "Ticket"})

    assert made == {(ContentType.FEATURE, ContentType.PROJECT, project)}
    assert page.texts("td .badge") == [f"Features: required in {scene.project.name}", "Segments"]
    assert filled.texts("option[selected]") == [
        "Whole number",
        "Required in some projects",
        "Not on environments",
        "Optional",
    ]
    assert filled.attributes("input[type=checkbox][checked]", "name") == ["FEATURE_projects"]
    assert (field.type, kinds) == ("url", {ContentType.FEATURE, ContentType.ENVIRONMENT})
    assert changed == {(ContentType.FEATURE, ContentType.ORGANISATION, organisation)}
    assert (kept, MetadataField.objects.exists()) == (True, False)


def test_what_is_wrong_is_told_beside_the_field_and_nothing_is_made(scene: Scene, admin: Pages) -> None:
    field_on(scene, ContentType.FEATURE)

    taken = admin.post(path(scene), {"name": "Ticket", "type": "str", "SEGMENT": "optional"})
    nowhere = admin.post(path(scene), {"name": "Team", "type": "str", "SEGMENT": "projects"})

    assert taken.texts(".error") == ["A metadata field with this name already exists."]
    assert nowhere.texts(".error") == ["Choose the projects in which it is required."]
    assert MetadataField.objects.count() == 1


def test_an_environment_has_its_fields(scene: Scene, admin: Pages) -> None:
    on = field_on(scene, ContentType.ENVIRONMENT)
    own, name = f"/project/{scene.project.pk}/environment", f"custom-{on.pk}"
    settings = f"{own}/{scene.environment.api_key}/settings"

    missing, wrong = admin.post(settings, SETTINGS), admin.post(settings, {**SETTINGS, name: "x"})
    admin.post(settings, {**SETTINGS, name: "17"})
    new = admin.post(f"{own}/create", {"name": "New", "source": "", name: "18"})
    copy = admin.post(f"{own}/create", {"name": "Copy", "source": scene.environment.api_key, name: "19"})

    assert (missing.texts(".error"), wrong.texts(".error")) == (
        ["This field is required."],
        ["A whole number is wanted."],
    )
    assert admin.get(settings).attributes(f"[name={name}]", "value") == ["17"]
    assert (new.status, copy.status) == (302, 302)
    texts = Metadata.objects.values_list("environment__name", "field_value")
    assert set(texts) == {("Live", "17"), ("New", "18"), ("Copy", "19")}
    assert Environment.live.count() == 3


def test_a_segment_has_its_fields(scene: Scene, admin: Pages) -> None:
    segment = scene.segment("vips")
    on = field_on(scene, ContentType.SEGMENT, holds="str")
    own, name = f"/project/{scene.project.pk}/segments/{segment.pk}", f"custom-{on.pk}"
    page = admin.get(own)
    form = {str(field["name"]): str(field.get("value", "")) for field in page.soup.select("#segment-form input[name]")}
    form |= {
        str(field["name"]): str(field.select("option[selected]")[0]["value"])
        for field in page.soup.select("#segment-form select[name]")
        if field.select("option[selected]")
    }
    missing = admin.post(own, {**form, "name": "vips", name: ""})
    saved = admin.post(own, {**form, "name": "vips", name: "<b>T-1"})
    made = admin.post(
        f"/project/{scene.project.pk}/segments/create", {**form, "name": "others", "feature": "", name: "T-2"}
    )

    assert missing.texts(".error") == ["This field is required."]
    assert (saved.status, made.status) == (302, 302)
    assert admin.get(own).attributes(f"[name={name}]", "value") == ["<b>T-1"]
    assert Metadata.objects.get(segment__name="others").field_value == "T-2"
    assert [rules[0]["conditions"][0]["property"] for rules in Segment.live.values_list("rules", flat=True)] == [
        "plan"
    ] * 2


def test_members_see_the_fields_and_only_administrators_change_them(scene: Scene) -> None:
    on, member = field_on(scene, ContentType.SEGMENT), make_user()
    segment = scene.segment("vips")
    Membership.objects.create(user=member, organisation=scene.project.organisation)
    grant = grant_project(member, scene.project, VIEW_PROJECT)
    pages, own = Pages(member), path(scene, f"/{on.field_id}")
    page = pages.get(path(scene))
    refused = [
        pages.post(path(scene), {"name": "x", "type": "str"}),
        pages.get(own),
        pages.post(own, {"name": "x", "type": "str"}),
        pages.post(f"{own}/delete", {"confirm_name": "Ticket"}),
        pages.post(f"/project/{scene.project.pk}/segments/{segment.pk}", {f"custom-{on.pk}": "1"}),
    ]
    grant.permissions = [VIEW_PROJECT, MANAGE_SEGMENTS]
    grant.save()

    assert (page.texts("td .strong"), page.soup.select("main form, td a")) == (["Ticket"], [])
    assert [each.status for each in refused] == [403] * 5
    assert Pages(make_user()).get(path(scene)).status == 404
    assert pages.get(f"/project/{scene.project.pk}/segments/create").soup.select(f"[name=custom-{on.pk}]")


def test_ten_more_fields_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    own = f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/settings"
    segment = f"/project/{scene.project.pk}/segments/{scene.segment().pk}"
    pages = (path(scene), own, segment)
    counts = []
    for first in (0, 1):
        for number in range(first, first * 10 + 1):
            for kind in (ContentType.ENVIRONMENT, ContentType.SEGMENT):
                field_on(scene, kind, f"{kind.name} {number}")
        for each in pages:
            with CaptureQueriesContext(connection) as captured:
                assert admin.get(each).status == 200
            counts.append(len(captured))

    assert counts[:3] == counts[3:]
    assert max(counts) <= 12


def test_administrators_of_a_project_make_fields_of_their_own(scene: Scene) -> None:
    organisation, chief = scene.project.organisation, make_user()
    Membership.objects.create(user=chief, organisation=organisation)
    grant_project(chief, scene.project, is_admin=True)
    theirs = MetadataField.objects.create(organisation=organisation, name="Team")
    pages, path = Pages(chief), f"/project/{scene.project.pk}/custom-fields"

    pages.post(path, {"name": "Risk", "type": "int", "FEATURE": "everywhere"})
    own = MetadataField.objects.get(name="Risk")
    listed = pages.get(path)
    pages.post(f"{path}/{own.pk}", {"name": "Danger", "type": "int", "FEATURE": "optional"})
    foreign = pages.get(f"{path}/{theirs.pk}").status
    [use] = own.model_fields.all()

    assert own.project == scene.project
    assert listed.attributes("td a", "href") == [f"{path}/{own.pk}"]
    assert "Risk Whole number Features: required" in listed.text
    assert list(use.is_required_for.all()) == []
    assert (foreign, MetadataField.objects.get(pk=own.pk).name) == (404, "Danger")
    assert pages.post(f"{path}/{own.pk}/delete", {"confirm_name": "Danger"}).location == path
    assert list(MetadataField.objects.all()) == [theirs]
