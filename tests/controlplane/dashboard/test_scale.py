"""Every page of a large project: few statements, and small enough for a phone on a train."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard import busy
from tests.controlplane.dashboard.client import Pages
from tests.controlplane.dashboard.everything import make_everything
from tests.controlplane.scenes import Scene

STATEMENTS_MAX = 12
BYTES_MAX = 300_000


def test_pages_stay_small_in_a_large_project(scene: Scene, database: str) -> None:
    if database != "sqlite":
        pytest.skip("the pages and their statements are the same")
    everything = make_everything(scene)
    busy.fill(everything, busy.Size())
    scene.admin.is_superuser = True
    scene.admin.save()
    pages = Pages(scene.admin)

    statements, weights = {}, {}
    for name, address in everything.addresses().items():
        with CaptureQueriesContext(connection) as captured:
            page = pages.get(address)
        if page.status == 200:
            statements[name], weights[name] = len(captured), len(page.response.content)

    assert {name: count for name, count in statements.items() if count > STATEMENTS_MAX} == {}
    assert {name: weight for name, weight in weights.items() if weight > BYTES_MAX} == {}
    assert len(weights) > 60
