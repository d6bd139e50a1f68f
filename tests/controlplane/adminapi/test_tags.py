from tests.controlplane.scenes import json_of, make_scene
from tests.factories import grant_project, make_project, make_user
from vexil.controlplane.db.models import Event, Membership, Tag

NOT_ALLOWED = {"detail": "You do not have permission to perform this action."}


def test_a_tag_is_made_changed_and_deleted_with_an_event_for_each() -> None:
    scene = make_scene()
    tags = f"projects/{scene.project.pk}/tags/"

    made = json_of(scene.api.post(tags, {"label": "beta", "type": "STALE", "is_system_tag": True}), 201)
    changed = json_of(scene.api.patch(f"{tags}{made['id']}/", {"color": "#000000", "is_permanent": True}))
    found = json_of(scene.api.get(f"{tags}get-by-uuid/{made['uuid']}/"))
    listed = json_of(scene.api.get(tags))["results"]
    gone = scene.api.delete(f"{tags}{made['id']}/").status_code

    assert made == {
        "id": made["id"],
        "label": "beta",
        "color": "#6837FC",
        "description": None,
        "project": scene.project.pk,
        "uuid": made["uuid"],
        "is_permanent": False,
        "is_system_tag": False,
        "type": "NONE",
    }
    assert changed == found == {**made, "color": "#000000", "is_permanent": True}
    assert (listed, gone) == ([changed], 204)
    assert json_of(scene.api.get(f"{tags}{made['id']}/"), 404) == {"detail": "No Tag matches the given query."}
    kinds = Event.objects.filter(kind__startswith="tag.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["tag.created", "tag.updated", "tag.deleted"]


def test_a_system_tag_is_left_to_the_system() -> None:
    scene = make_scene()
    tag = Tag.objects.create(project=scene.project, label="stale", is_system_tag=True)
    path = f"projects/{scene.project.pk}/tags/{tag.pk}/"

    assert json_of(scene.api.put(path, {"label": "mine"}), 400) == ["Cannot update a system tag."]
    assert json_of(scene.api.delete(path), 400) == {"message": "Cannot delete a system tag."}


def test_features_carry_tags_of_their_own_project_only() -> None:
    scene = make_scene()
    own = Tag.objects.create(project=scene.project, label="own")
    foreign = Tag.objects.create(project=make_project(scene.project.organisation), label="foreign")
    features = f"projects/{scene.project.pk}/features/"

    made = json_of(scene.api.post(features, {"name": "tagged", "tags": [own.pk]}), 201)
    refused = scene.api.patch(f"{features}{made['id']}/", {"tags": [foreign.pk]})
    unknown = scene.api.patch(f"{features}{made['id']}/", {"tags": [0]})
    kept = json_of(scene.api.patch(f"{features}{made['id']}/", {"description": "x"}))["tags"]
    cleared = json_of(scene.api.patch(f"{features}{made['id']}/", {"tags": []}))["tags"]

    assert (made["tags"], kept, cleared) == ([own.pk], [own.pk], [])
    assert json_of(refused, 400) == {
        "non_field_errors": ["Selected Tags must be from the same Project as current Feature"]
    }
    assert json_of(unknown, 400) == {"tags": ['Invalid pk "0" - object does not exist.']}


def test_a_list_is_narrowed_to_all_any_or_none_of_the_tags() -> None:
    scene = make_scene()
    red, blue = (Tag.objects.create(project=scene.project, label=label) for label in ("red", "blue"))
    scene.feature("plain")
    scene.feature("red", tags=[red])
    scene.feature("both", tags=[red, blue])

    def names(query: str) -> list[str]:
        features = json_of(scene.api.get(f"projects/{scene.project.pk}/features/?{query}"))["results"]
        return [feature["name"] for feature in features]

    assert names(f"tags={red.pk},{blue.pk}") == ["both"]
    assert names(f"tags={red.pk},{blue.pk}&tag_strategy=UNION") == ["red", "both"]
    assert names("tags=") == ["plain"]
    assert names("tags=0") == []


def test_tags_are_managed_with_a_right_of_their_own() -> None:
    scene = make_scene()
    member = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=member)
    api, tags = scene.api.as_user(member), f"projects/{scene.project.pk}/tags/"
    tag = Tag.objects.create(project=scene.project, label="seen")

    assert json_of(api.get(tags), 403) == json_of(api.post(tags, {"label": "x"}), 403) == NOT_ALLOWED
    assert json_of(api.get(f"{tags}{tag.pk}/"), 404) == {"detail": "No Project matches the given query."}
    grant = grant_project(member, scene.project, "VIEW_PROJECT")
    assert [row["label"] for row in json_of(api.get(tags))["results"]] == ["seen"]
    assert json_of(api.delete(f"{tags}{tag.pk}/"), 403) == NOT_ALLOWED
    grant.permissions.append("MANAGE_TAGS")
    grant.save()
    assert api.delete(f"{tags}{tag.pk}/").status_code == 204
