"""No value makes the server fail where features, segments and identities are written."""

from typing import Any

import pytest

from tests.controlplane.adminapi.test_bad_values import VALUES
from tests.controlplane.scenes import Scene, make_scene
from vexil.controlplane.actions import feature_segments, feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.db import stores
from vexil.controlplane.permissions import SYSTEM

FIELDS = {
    "projects/{project}/features/": [
        "name", "type", "initial_value", "default_enabled", "description", "tags", "owners", "multivariate_options",
    ],
    "projects/{project}/features/{feature}/": ["description", "is_archived", "multivariate_options", "tags"],
    "projects/{project}/features/{feature}/add-owners/": ["user_ids"],
    "projects/{project}/features/{feature}/mv-options/": [
        "feature", "type", "integer_value", "string_value", "boolean_value", "default_percentage_allocation", "key",
    ],
    "projects/{project}/features/{feature}/mv-options/{option}/": ["integer_value", "key", "type"],
    "features/featurestates/": ["feature", "environment", "identity", "identifier", "feature_segment", "enabled"],
    "features/featurestates/{state}/": [
        "feature", "environment", "enabled", "feature_state_value", "multivariate_feature_state_values",
    ],
    "environments/{environment}/featurestates/": ["feature", "feature_state_value"],
    "environments/{environment}/featurestates/{state}/": [
        "feature", "enabled", "feature_state_value", "multivariate_feature_state_values",
    ],
    "environments/{environment}/identities/{identity}/featurestates/": ["feature", "feature_state_value"],
    "environments/{environment}/identities/{identity}/featurestates/clone-from-given-identity/": ["source_identity_id"],
    "projects/{project}/segments/": ["name", "description", "feature", "rules"],
    "projects/{project}/segments/{segment}/": ["name", "description", "feature", "rules"],
    "projects/{project}/segments/{segment}/clone/": ["name"],
    "features/feature-segments/": ["feature", "segment", "environment"],
    "features/feature-segments/update-priorities/": ["id"],
    "environments/{environment}/features/{feature}/create-segment-override/": [
        "feature_segment", "enabled", "feature_state_value", "multivariate_feature_state_values",
    ],
    "environments/{environment}/identities/": ["identifier"],
    "environments/{environment}/identities/{identity}/": ["identifier"],
    "environments/{environment}/identities/{identity}/traits/": [
        "trait_key", "value_type", "integer_value", "string_value", "boolean_value", "float_value",
    ],
    "/api/__future__/environments/{environment}/features/{feature}/": ["environment_default", "segment_overrides"],
}  # fmt: skip

INNER_VALUES: list[Any] = [None, 2**63, "\x00", "\ud800", [None]]


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def names_in(scene: Scene) -> dict[str, Any]:
    options = [OptionFields(value={"string_value": "a"}, percentage=0)]
    feature, segment, identity = scene.feature("there", options=options), scene.segment(), scene.identity("kim")
    feature_segments.create_override(scene.environment, feature, segment, Change(), by=SYSTEM)
    feature_states.create(scene.environment, feature, Change(), by=SYSTEM, identity=identity)
    return {
        "project": scene.project.pk,
        "environment": scene.environment.api_key,
        "feature": feature.pk,
        "option": feature.multivariate_options.get().pk,
        "state": scene.default(feature).pk,
        "segment": segment.pk,
        "identity": identity.id,
    }


def nested(field: str, names: dict[str, Any], value: Any) -> list[Any]:
    """The value in places within what the field may hold."""
    condition = {"operator": "EQUAL", "property": "p", "value": "v"}
    within = {
        "rules": [
            [{"type": value}],
            [{"type": "ALL", "rules": value, "conditions": value}],
            [{"type": "ALL", "rules": [{"type": "ANY", "rules": value, "conditions": [condition]}]}],
            *([{"type": "ALL", "conditions": [{**condition, name: value}]}] for name in (*condition, "description")),
            *([{"type": "ALL", "conditions": [{**condition, "operator": operator, "value": value}]}]
              for operator in ("REGEX", "MODULO", "PERCENTAGE_SPLIT", "IN", "GREATER_THAN")),
        ],
        "feature_state_value": [{name: value} for name in ("type", "integer_value", "string_value", "boolean_value")],
        "multivariate_feature_state_values": [
            [{"multivariate_feature_option": value, "percentage_allocation": 1}],
            [{"multivariate_feature_option": names["option"], "percentage_allocation": value}],
        ],
        "multivariate_options": [
            [{name: value}] for name in ("id", "type", "string_value", "default_percentage_allocation")
        ],
        "feature_segment": [{"segment": value}, {"segment": names["segment"], "priority": value}],
        "environment_default": [{"enabled": value}, {"value": value}, {"value": {"type": "integer", "value": value}}],
        "segment_overrides": [[{"segment": {"id": value}}], [{"segment": {"id": names["segment"]}, "priority": value}]],
    }  # fmt: skip
    return within.get(field, [])


@pytest.mark.parametrize("path", FIELDS)
def test_no_value_in_a_body_makes_the_server_fail(scene: Scene, path: str) -> None:
    names = names_in(scene)
    good = {
        "name": "name",
        "feature": names["feature"],
        "segment": names["segment"],
        "environment": scene.environment.pk,
        "rules": [{"type": "ALL"}],
        "trait_key": "key",
        "feature_segment": {"segment": names["segment"]},
        "feature_state_value": {},
    }
    if "feature-segments" in path or path.startswith("features/featurestates"):
        del good["feature_segment"]

    method = "PATCH" if path.endswith("}/") else "POST"
    for field in FIELDS[path]:
        inner = [sent for value in INNER_VALUES for sent in nested(field, names, value)]
        for sent in [*VALUES, *inner]:
            response = scene.api.send(method, path.format(**names), {**good, field: sent})
            assert response.status_code < 500, (method, field, sent)
    assert scene.snapshot().version > 0


@pytest.mark.parametrize("path", [path for path in FIELDS if "{option}" not in path])
def test_no_value_as_a_body_makes_the_server_fail(scene: Scene, path: str) -> None:
    names = names_in(scene)

    for value in VALUES:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if method != "DELETE" or "{state}" not in path:
                assert scene.api.send(method, path.format(**names), value).status_code < 500, (method, value)


@pytest.mark.parametrize("value", ["%00", "%FF", "9" * 400, "9" * 18, "²", "-1", "a/b", "%ED%A0%80", "' OR 1=1 --", ""])
def test_no_value_in_a_path_or_query_makes_the_server_fail(scene: Scene, value: str) -> None:
    names = names_in(scene)
    stores.current().identities.set_traits(scene.environment.pk, names["identity"], {"plan": "pro"})
    queries = {
        "projects/{project}/features/": [
            "search", "tags", "type", "environment", "segment", "identity", "is_enabled", "value_search", "owners",
            "sort_field", "page", "page_size", "is_archived",
        ],
        "projects/{project}/segments/": ["q", "identity", "include_feature_specific", "page"],
        "features/featurestates/": ["environment", "feature", "feature_segment"],
        "environments/{environment}/featurestates/": ["feature", "feature_name", "page"],
        "features/feature-segments/": ["environment", "feature"],
        "environments/{environment}/identities/": ["q", "page", "page_size"],
        "projects/{project}/segments/{segment}/associated-features/": ["environment"],
    }  # fmt: skip
    for path, keys in queries.items():
        for key in keys:
            query = f"{path.format(**names)}?environment={scene.environment.pk}&{key}={value}"
            assert scene.api.get(query).status_code in {200, 400, 403, 404}, query
    for path in FIELDS:
        broken = path.format(**dict.fromkeys(names, value))
        assert scene.api.get(broken).status_code in {200, 301, 400, 403, 404, 405}, broken
