import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from django.conf import settings
from django.test import override_settings
from django.urls import get_resolver

from tests.controlplane.client import AdminClient
from tests.factories import make_user
from vexil.controlplane.adminapi import mcp_operations, openapi, openapi_operations, urls

REQUESTS_PER_OPERATION = 3
JUNK = [
    None,
    True,
    0,
    -1,
    2**31,
    10**30,
    0.5,
    "",
    " ",
    "x" * 300,
    "\u0000",
    "\ud800",
    "é\u202e",
    [],
    [[]],
    {},
    {"a": {}},
]


class Operation(NamedTuple):
    """One method of one path."""

    method: str
    path: str
    description: dict[str, Any]


def operations() -> Iterator[Operation]:
    for path, methods in openapi.document()["paths"].items():
        for method, description in methods.items():
            yield Operation(method.upper(), path, description)


def test_it_is_served_as_json_and_yaml_and_to_be_read(client: AdminClient) -> None:
    as_json, as_yaml = client.get("swagger.json"), client.get("swagger.yaml", Accept="*/*")

    assert as_json.json() == openapi.document()
    assert as_json["Content-Type"] == "application/vnd.oai.openapi+json"
    assert client.get("swagger.json", Accept="application/json")["Content-Type"] == "application/json"
    assert (as_yaml.status_code, as_yaml.content[:15]) == (200, b"openapi: 3.1.0\n")
    assert client.get("swagger.yaml", Accept="application/json").status_code == 406
    assert b"swagger.json" in client.get("docs/", Accept="text/html").content


def test_it_can_be_kept_from_strangers(client: AdminClient) -> None:
    known = client.as_user(make_user())
    with override_settings(VEXIL=replace(settings.VEXIL, require_authentication_for_api_docs=True)):
        for path in ("swagger.json", "docs/"):
            assert [client.get(path).status_code, known.get(path).status_code] == [401, 200]


def test_every_operation_has_a_name_of_its_own_and_tools_keep_theirs() -> None:
    names = [operation.description["operationId"] for operation in operations()]
    tools = {op.description["operationId"] for op in operations() if "mcp" in op.description["tags"]}

    assert len(names) == len(set(names))
    assert tools == set(mcp_operations.MCP.values())


def test_what_is_told_of_views_is_told_of_views_that_exist() -> None:
    views = {_view_name(pattern) for pattern in get_resolver(urls).url_patterns}
    named = {view for _, view in mcp_operations.MCP}
    told = named | openapi_operations.PAGED | set(openapi_operations.BODIES) | set(openapi_operations.ANSWERS)

    assert told - views == set()


def test_no_request_that_the_description_suggests_fails_inside_the_server(client: AdminClient) -> None:
    chance = random.Random(7)
    user = make_user(is_superuser=True)
    places = _places(client.as_user(user))
    failures = []
    for operation in sorted(operations(), key=lambda op: op.method == "DELETE"):
        mine = client.as_user(user)  # some operations end a session
        for _ in range(REQUESTS_PER_OPERATION):
            path, body = _path(operation, places, chance), _body(operation, chance)
            status = mine.send(operation.method, path, body).status_code
            if status >= 500 and str(status) not in operation.description["responses"]:
                failures.append((operation.method, path, body, status))

    assert failures == []


def _view_name(pattern: Any) -> str:
    view = pattern.callback.cls
    return f"{view.__module__.rpartition('.')[2]}.{view.__name__}"


def _places(mine: AdminClient) -> dict[str, Any]:
    """Something that exists for the parameters of paths."""
    organisation = mine.post("organisations/", {"name": "Described"}).json()
    project = mine.post("projects/", {"name": "Described", "organisation": organisation["id"]}).json()
    environment = mine.post("environments/", {"name": "Described", "project": project["id"]}).json()
    key = environment["api_key"]
    feature = mine.post(f"projects/{project['id']}/features/", {"name": "described"}).json()
    identity = mine.post(f"environments/{key}/identities/", {"identifier": "somebody"}).json()
    rules = [{"type": "ALL", "rules": [{"type": "ANY", "conditions": [{"operator": "IS_SET", "property": "x"}]}]}]
    segment = mine.post(f"projects/{project['id']}/segments/", {"name": "s", "project": project["id"], "rules": rules})
    state = mine.get(f"environments/{key}/featurestates/").json()["results"][0]
    return {
        "organisation": organisation["id"],
        "organisation_id": organisation["id"],
        "project_id": project["id"],
        "api_key": key,
        "environment_key": key,
        "feature_id": feature["id"],
        "identity_id": identity["id"],
        "segment_id": segment.json()["id"],
        "state_id": state["id"],
    }


def _path(operation: Operation, places: dict[str, Any], chance: random.Random) -> str:
    path = operation.path
    for parameter in operation.description.get("parameters", []):
        if parameter["in"] == "path":
            value = places.get(parameter["name"], 1) if chance.random() < 0.9 else chance.choice([0, 10**17, "junk"])
            path = path.replace("{" + parameter["name"] + "}", str(value))
    return path + chance.choice(
        ["", "", "?page=0", "?page_size=-1&environment=x&project=%FF", "?search=%27&is_archived=2"]
    )


def _body(operation: Operation, chance: random.Random) -> Any:
    content = operation.description.get("requestBody", {}).get("content", {}).get("application/json", {})
    if chance.random() < 0.15:
        return chance.choice([b"{", b"[1", *(_sendable(junk) for junk in JUNK)])
    return _sendable(_value(content.get("schema", {}), chance)) if content else None


def _sendable(value: Any) -> bytes:
    return json.dumps(value).encode()


def _value(schema: dict[str, Any], chance: random.Random) -> Any:
    """Mostly what the schema asks for, now and then something else."""
    if chance.random() < 0.15:
        return chance.choice(JUNK)
    if "$ref" in schema:
        return _value(openapi.document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], chance)
    for words in ("allOf", "oneOf", "anyOf"):
        if words in schema:
            return _value(chance.choice(schema[words]), chance)
    if schema.get("enum"):
        return chance.choice(schema["enum"])
    kind = schema.get("type", "string")
    return _of_kind(chance.choice(kind) if isinstance(kind, list) else kind, schema, chance)


def _of_kind(kind: str, schema: dict[str, Any], chance: random.Random) -> Any:
    if kind == "object":
        required = schema.get("required", [])
        properties = schema.get("properties", {}).items()
        return {name: _value(inner, chance) for name, inner in properties if name in required or chance.random() < 0.7}
    if kind == "array":
        return [_value(schema.get("items", {}), chance) for _ in range(chance.randrange(3))]
    simple = {"integer": [0, 1, 2, 50], "number": [0, 0.5, 100], "boolean": [True, False], "null": [None]}
    return chance.choice(simple.get(kind, ["", "a", "unicode", "2026-01-01T00:00:00Z", "a@example.com"]))
