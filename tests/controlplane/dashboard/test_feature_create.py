"""New features, from a form."""

from django.test import override_settings

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from vexil.controlplane.actions import metadata_fields, tags
from vexil.controlplane.dashboard import value_formats
from vexil.controlplane.db.models import Feature
from vexil.controlplane.permissions import SYSTEM


def url(scene: Scene) -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features/create"


def test_a_feature_is_made_with_all_that_was_filled_in(scene: Scene, admin: Pages) -> None:
    tag = tags.create(scene.project, label="shop", by=SYSTEM)

    page = admin.post(
        url(scene),
        {
            "name": " new banner ",
            "default_enabled": "on",
            "value": '{"a": 1}',
            "value_format": "json",
            "variation-0-value": "5",
            "variation-0-key": "five",
            "variation-0-weight": "12.5",
            "variation-1-value": "",
            "variation-1-weight": "30",
            "description": "For the shop",
            "tags": [tag.pk],
            "owners": [scene.admin.pk],
            "is_server_key_only": "on",
        },
    )

    feature = Feature.live.get()
    assert page.location.endswith(f"/features?feature={feature.pk}&tab=value")
    assert (feature.name, feature.type, feature.initial_value) == ("new_banner", "MULTIVARIATE", '{"a": 1}')
    assert (feature.description, feature.is_server_key_only, feature.is_archived) == ("For the shop", True, False)
    assert ([*feature.tags.all()], [*feature.owners.all()]) == ([tag], [scene.admin])
    options = [(row.value, row.key, row.default_percentage_allocation) for row in feature.multivariate_options.all()]
    assert options == [(5, "five", 12.5), (None, None, 30.0)]


def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(scene: Scene, admin: Pages) -> None:
    wrong_value = {"name": "Ok", "value": '{\n"a": }', "value_format": "json", "description": "kept"}

    page = admin.post(url(scene), wrong_value)

    assert page.status == 422
    assert page.texts(".error") == [
        "This project wants names in lower case: ok",
        "Line 2, column 6: Expecting value.",
    ]
    assert page.one("textarea[name=value]").text.strip() == wrong_value["value"]
    assert page.one("textarea[name=description]").text.strip() == "kept"
    assert Feature.live.count() == 0


def test_shares_beyond_everybody_are_refused(scene: Scene, admin: Pages) -> None:
    page = admin.post(url(scene), {"name": "x", "variation-0-weight": "60", "variation-1-weight": "50"})
    no_number = admin.post(url(scene), {"name": "x", "variation-0-weight": "nan"})

    assert (page.status, page.texts(".notice.bad")) == (422, ["The shares come to more than 100 %."])
    assert no_number.texts(".notice.bad") == ["Shares are numbers from 0 to 100."]


def test_rows_come_and_go_without_scripts(scene: Scene, admin: Pages) -> None:
    one = admin.post(url(scene), {"name": "", "another": "variation"})
    two = admin.post(url(scene), {"variation-0-weight": "7", "another": "variation"})
    less = admin.post(
        url(scene), {"variation-0-weight": "7", "variation-1-weight": "8", "without": "variation-0", "name": "kept"}
    )

    assert (one.status, one.texts(".error[id]")) == (200, [])
    assert two.attributes("[data-part]", "value") == ["7", "0"]
    assert less.attributes("[data-part]", "value") == ["8"]
    assert less.attributes("[name=name]", "value") == ["kept"]


def test_the_projects_rules_for_names_are_told_and_kept(scene: Scene, admin: Pages) -> None:
    scene.project.feature_name_regex = "[a-z]{3}"
    scene.project.save()

    page = admin.post(url(scene), {"name": "abcd"})

    assert "It must match [a-z]{3}" in page.text
    assert page.texts(".error") == ["Feature name must match regex: [a-z]{3}"]


def test_a_full_project_says_so(scene: Scene, admin: Pages) -> None:
    scene.feature("one")
    scene.project.max_features_allowed = 1
    scene.project.save()

    page = admin.get(url(scene))
    refused = admin.post(url(scene), {"name": "two"})

    assert page.texts(".notice.bad")[0].startswith("This project has 1 feature, as many as it may (1).")
    assert refused.status == 422


def test_custom_fields_are_asked_for_where_they_are_required(scene: Scene, admin: Pages) -> None:
    field = metadata_fields.create(scene.project.organisation, name="ticket", type="int", description="", by=SYSTEM)
    model_field = metadata_fields.create_model_field(field, content_type=4, required_for=[], by=SYSTEM)
    name = f"custom-{model_field.pk}"

    wrong = admin.post(url(scene), {"name": "x", name: "abc"})
    admin.post(url(scene), {"name": "x", name: "12"})

    assert wrong.texts(".error") == ["A whole number is wanted."]
    assert [row.field_value for row in Feature.live.get().metadata.all()] == ["12"]


def test_values_are_checked_as_they_are_typed(admin: Pages) -> None:
    def told(text: str, chosen: str) -> str:
        form = {"field": "value", "value": text, "value_format": chosen}
        return admin.post_fragment("/features/check", form).text

    assert told("a: [1", "yaml") == ("Line 1, column 6: expected ',' or ']', but got '<stream end>'.")
    assert told("a = ", "toml") == "End of document: Invalid value."
    assert told("<a><b></a>", "xml") == "Line 1, column 9: mismatched tag."
    assert told("<a/>", "xml") == "This is XML."
    assert told("a = 1", "toml") == "This is TOML."


def test_values_that_would_hurt_a_checker_are_refused_quietly() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>'

    assert value_formats.problem(bomb, "xml") == (
        "It declares entities, which many programs refuse for safety. Write out what they stand for."
    )
    assert value_formats.problem("[" * 100_000, "json") == "This is nested too deeply to be checked."
    assert value_formats.problem("[" * 5_000, "yaml") == "This is nested too deeply to be checked."
    assert value_formats.problem("!!python/object/apply:os.system [x]", "yaml") is None


def test_a_value_that_is_too_long_is_refused(scene: Scene, admin: Pages) -> None:
    from django.conf import settings

    with override_settings(VEXIL=type(settings.VEXIL)(feature_value_characters_max=5)):
        page = admin.post(url(scene), {"name": "x", "value": "123456"})

    assert page.texts(".error") == ["Ensure this value has at most 5 characters (it has 6)."]
