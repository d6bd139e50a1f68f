"""The OpenAPI file of the Flags API is valid, and speaks of what is served, of all of it and of nothing else."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state

FILE = Path(__file__).resolve().parents[2] / "docs" / "flags-api.openapi.yaml"
METHODS = {"get", "post", "put", "patch", "delete"}
EXAMPLES = {"feature_id": "7", "client_key": CLIENT_KEY}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document


def test_the_file_is_valid(document: dict[str, Any]) -> None:
    schema = resources.files("drf_spectacular.validation").joinpath("openapi_3_1_schema.json").read_text("utf-8")
    jsonschema.validate(document, json.loads(schema))


def test_every_described_operation_is_served(serve: Serve, document: dict[str, Any]) -> None:
    client = serve(snapshot(features=[feature(7, "a")], defaults=[state(11, 7)]))

    for path, operations in document["paths"].items():
        target = re.sub(r"{(\w+)}", lambda name: EXAMPLES.get(name[1], "a"), path)
        for method in operations:
            if path.startswith("/sse/"):
                assert client.request("HEAD", target).status == 200
                continue
            answer = client.request(method.upper(), target, key=SERVER_KEY, body={} if method != "get" else None)
            assert str(answer.status) in operations[method]["responses"], (method, path)


def test_every_endpoint_is_described(serve: Serve, document: dict[str, Any]) -> None:
    client = serve(snapshot())

    endpoints = client.data_plane._endpoints
    served = {path: endpoint.methods for path, endpoint in endpoints._fixed.items()}
    served |= {pattern.pattern: endpoint.methods for pattern, endpoint in endpoints._named}

    described = {
        re.sub(r"{\w+}", "{}", path): set(operations) & METHODS for path, operations in document["paths"].items()
    }
    for path, methods in served.items():
        assert {method.lower() for method in methods} == described[re.sub(r"\(\?P<\w+>[^)]*\)", "{}", path)], path
