"""Custom fields: made, set on things, required."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import grant_project, make_organisation, make_project, make_user
from vexil.controlplane.db.models import Event, Membership, Metadata, Role

RULES = [{"type": "ALL", "conditions": [{"operator": "IS_SET", "property": "plan", "value": ""}], "rules": []}]


def test_a_field_is_made_listed_renamed_and_deleted() -> None:
    scene = make_scene()
    organisation = scene.project.organisation_id
    body = {"name": "owner team", "type": "str", "organisation": organisation}

    made = json_of(scene.api.post("metadata/fields/", body), 201)
    of_project = json_of(scene.api.post("metadata/fields/", {**body, "project": scene.project.pk}), 201)
    twice = json_of(scene.api.post("metadata/fields/", body), 400)
    renamed = json_of(scene.api.patch(f"metadata/fields/{made['id']}/", {"name": "team"}))

    assert twice == {"name": ["A metadata field with this name already exists."]}
    assert renamed == {**made, "name": "team"} == {**of_project, "id": made["id"], "name": "team", "project": None}
    assert listed(scene, f"metadata/fields/?organisation={organisation}") == [renamed]
    path = f"projects/{scene.project.pk}/metadata/fields/"
    assert listed(scene, path) == [of_project]
    assert listed(scene, f"{path}?include_organisation=true") == [renamed, of_project]
    assert listed(scene, f"{path}?include_organisation=true&entity=feature") == []
    json_of(scene.api.delete(f"metadata/fields/{made['id']}/"), 204)
    assert scene.api.get(f"metadata/fields/{made['id']}/").status_code == 404
    assert [event.kind for event in Event.objects.order_by("pk")] == [
        "metadata_field.created",
        "metadata_field.created",
        "metadata_field.updated",
        "metadata_field.deleted",
    ]


def test_only_admins_make_fields() -> None:
    scene = make_scene()
    member, project_admin, outsider = make_user(), make_user(), make_user()
    for user in (member, project_admin):
        Membership.objects.create(user=user, organisation=scene.project.organisation, role=Role.USER)
    grant_project(project_admin, scene.project, is_admin=True)
    make_organisation(admin=outsider)
    field = add_field(scene, "str")
    body = {"name": "x", "type": "str", "organisation": scene.project.organisation_id}
    of_project = {**body, "project": scene.project.pk}

    assert [
        [
            api.post("metadata/fields/", body).status_code,
            api.post("metadata/fields/", of_project).status_code,
            api.patch(f"metadata/fields/{field}/", {"name": "mine"}).status_code,
            api.get(f"metadata/fields/{field}/").status_code,
        ]
        for api in (AdminClient().as_user(user) for user in (member, project_admin, outsider))
    ] == [[403, 403, 403, 200], [403, 201, 403, 200], [403, 403, 404, 404]]


@pytest.mark.parametrize("kind", ["feature", "segment", "environment"])
def test_values_are_replaced_by_each_write(kind: str) -> None:
    scene = make_scene()
    text, number = allow(scene, add_field(scene, "str"), kind), allow(scene, add_field(scene, "int"), kind)
    values = [{"model_field": text, "field_value": "core"}, {"model_field": number, "field_value": "-7"}]

    made = json_of(scene.api.post(path_of(scene, kind), {**body_of(scene, kind), "metadata": values}), 201)
    own = f"{path_of(scene, kind)}{made['api_key'] if kind == 'environment' else made['id']}/"
    changed = json_of(scene.api.patch(own, {"metadata": values[1:]}))
    (found,) = [item for item in listed(scene, list_of(scene, kind)) if item["id"] == made["id"]]
    cleared = json_of(scene.api.patch(own, {"description": "x"}))

    assert plain(made) == values
    assert (plain(changed), plain(found), plain(cleared)) == (values[1:], values[1:], [])
    event = Event.objects.filter(kind=f"{kind}.updated").order_by("pk")[0]
    assert (event.before["metadata"], event.after["metadata"]) == (
        {str(text): "core", str(number): "-7"},
        {str(number): "-7"},
    )


@pytest.mark.parametrize("place", ["organisation", "project"])
def test_a_required_field_must_be_in_each_write(place: str) -> None:
    scene = make_scene()
    supported = json_of(scene.api.get(f"{model_fields(scene)}supported-content-types/"))
    kinds = {kind["model"]: kind["id"] for kind in supported}
    object_id = scene.project.organisation_id if place == "organisation" else scene.project.pk
    required = [{"content_type": kinds[place], "object_id": object_id}]
    model_field = allow(scene, add_field(scene, "str", name="team"), "feature", required)
    value = [{"model_field": model_field, "field_value": "core"}]
    features = path_of(scene, "feature")

    missing = json_of(scene.api.post(features, {"name": "beta"}), 400)
    made = json_of(scene.api.post(features, {"name": "beta", "metadata": value}), 201)
    unsaid = json_of(scene.api.patch(f"{features}{made['id']}/", {"description": "x"}), 400)

    assert missing == unsaid == {"metadata": ["Missing required metadata field: team"]}
    assert json_of(scene.api.get(f"{features}{made['id']}/"))["metadata"] == made["metadata"]
    other = make_project(scene.project.organisation)
    status = 400 if place == "organisation" else 201
    assert scene.api.post(f"projects/{other.pk}/features/", {"name": "beta"}).status_code == status


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("int", "7", "seven"), ("bool", "True", "maybe"), ("url", "https://example.com/x", "not a url")],
)
def test_a_value_fits_its_fields_type(kind: str, good: str, bad: str) -> None:
    scene = make_scene()
    text, other = (allow(scene, add_field(scene, name, name=f"field {name}"), "feature") for name in ("str", kind))
    entries = [{"model_field": text, "field_value": "t"}, {"model_field": other, "field_value": good}]
    wrong = [entries[0], {"model_field": other, "field_value": bad}]

    json_of(scene.api.post(path_of(scene, "feature"), {"name": "good", "metadata": entries}), 201)
    refused = json_of(scene.api.post(path_of(scene, "feature"), {"name": "bad", "metadata": wrong}), 400)

    assert refused == {"metadata": [{}, {"non_field_errors": [f"Invalid value for field field {kind}"]}]}


def test_a_field_of_elsewhere_cannot_be_used() -> None:
    scene, other = make_scene(), make_scene()
    foreign = allow(other, add_field(other, "str", name="foreign"), "feature")
    for_segments = allow(scene, add_field(scene, "str", name="apart"), "segment")

    answers = [
        json_of(
            scene.api.post(
                path_of(scene, "feature"), {"name": "beta", "metadata": [{"model_field": pk, "field_value": "x"}]}
            ),
            400,
        )
        for pk in (foreign, for_segments)
    ]

    assert answers == [
        {"metadata": ["Metadata field foreign cannot be used here."]},
        {"metadata": ["Metadata field apart cannot be used here."]},
    ]


def test_a_deleted_field_takes_its_values_along() -> None:
    scene = make_scene()
    field = add_field(scene, "str")
    model_field = allow(scene, field, "feature")
    value = [{"model_field": model_field, "field_value": "core"}]
    made = json_of(scene.api.post(path_of(scene, "feature"), {"name": "beta", "metadata": value}), 201)

    json_of(scene.api.delete(f"metadata/fields/{field}/"), 204)

    assert json_of(scene.api.get(f"{path_of(scene, 'feature')}{made['id']}/"))["metadata"] == []
    assert Metadata.objects.count() == 0


@pytest.mark.parametrize("kind", ["feature", "segment", "environment"])
def test_ten_more_with_values_cost_no_more_statements(kind: str) -> None:
    scene = make_scene()
    model_field = allow(scene, add_field(scene, "str"), kind)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            listed(scene, list_of(scene, kind))
        return len(queries)

    for number in range(12):
        body = {**body_of(scene, kind, number), "metadata": [{"model_field": model_field, "field_value": "x"}]}
        json_of(scene.api.post(path_of(scene, kind), body), 201)
        if number == 1:
            few = statements()

    assert statements() == few


def add_field(scene: Scene, kind: str, *, name: str = "") -> int:
    body = {"name": name or f"a {kind}", "type": kind, "organisation": scene.project.organisation_id}
    return int(json_of(scene.api.post("metadata/fields/", body), 201)["id"])


def allow(scene: Scene, field: int, kind: str, required: Any = ()) -> int:
    """Let a field be set on this kind of thing; the id of that."""
    content_type = {"environment": 3, "feature": 4, "segment": 5}[kind]
    body = {"field": field, "content_type": content_type, "is_required_for": list(required)}
    return int(json_of(scene.api.post(model_fields(scene), body), 201)["id"])


def model_fields(scene: Scene) -> str:
    return f"organisations/{scene.project.organisation_id}/metadata-model-fields/"


def path_of(scene: Scene, kind: str) -> str:
    return "environments/" if kind == "environment" else f"projects/{scene.project.pk}/{kind}s/"


def list_of(scene: Scene, kind: str) -> str:
    return f"environments/?project={scene.project.pk}" if kind == "environment" else path_of(scene, kind)


def body_of(scene: Scene, kind: str, number: int = 0) -> dict[str, Any]:
    name = f"thing_{number}"
    return {"name": name, "project": scene.project.pk} | ({"rules": RULES} if kind == "segment" else {})


def plain(item: Any) -> list[dict[str, Any]]:
    return [{"model_field": row["model_field"], "field_value": row["field_value"]} for row in item["metadata"]]


def listed(scene: Scene, path: str) -> Any:
    return json_of(scene.api.get(path))["results"]
