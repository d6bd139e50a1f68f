"""The endpoints that Flagsmith has not: OFREP, batches and explanations."""

from collections.abc import Mapping

from vexil.dataplane.batch import Batch
from vexil.dataplane.endpoints import Endpoint
from vexil.dataplane.explain import Explain
from vexil.dataplane.lookups import Find
from vexil.dataplane.ofrep import Ofrep


def extensions(find: Find, body_bytes_max: int) -> Mapping[str, Endpoint]:
    """By path. All count as requests for identities."""
    batch, explain, ofrep = Batch(body_bytes_max), Explain(find, body_bytes_max), Ofrep(body_bytes_max)
    return {
        "/api/v1/identities/batch/": Endpoint("identities", {"POST": batch.post}, "Identities Batch"),
        "/api/v1/identities/explain/": Endpoint(
            "identities", {"POST": explain.post}, "Identities Explain", needs_server_key=True
        ),
        "/ofrep/v1/evaluate/flags": Endpoint("identities", {"POST": ofrep.all}, "OFREP Flags", takes_bearer=True),
        r"/ofrep/v1/evaluate/flags/(?P<name>[\s\S]+)": Endpoint(
            "identities", {"POST": ofrep.one}, "OFREP Flag", takes_bearer=True
        ),
    }
