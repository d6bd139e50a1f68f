"""Ask for each page of the dashboard in a large project, in one process without a network, and print JSON.

Takes an empty folder, how often to ask, and how much to fill in: features, segments, identities, environments.
"""

import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any


def main(folder: Path, repeats: int, amounts: list[int]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "vexil.controlplane.site.settings"
    import django  # noqa: PLC0415 -- slow import

    os.environ["VEXIL_DATA_DIR"] = str(folder)
    django.setup()
    logging.disable(logging.CRITICAL)
    print(json.dumps(_measured(folder, repeats, amounts)))


def _measured(folder: Path, repeats: int, amounts: list[int]) -> dict[str, Any]:
    from tests.controlplane import databases  # noqa: PLC0415 -- slow import
    from tests.controlplane.dashboard import busy, everything  # noqa: PLC0415 -- slow import
    from tests.controlplane.dashboard.client import Pages  # noqa: PLC0415 -- slow import
    from tests.controlplane.scenes import make_scene  # noqa: PLC0415 -- slow import

    with databases.used(databases.Place(None, folder)):
        scene = make_scene()
        world = everything.make_everything(scene)
        busy.fill(world, busy.Size(*amounts))
        scene.admin.is_superuser = True
        scene.admin.save()
        return _pages(Pages(scene.admin), world.addresses(), repeats)


def _pages(pages: Any, addresses: dict[str, str], repeats: int) -> dict[str, Any]:
    found = {}
    for name, address in addresses.items():
        page = pages.get(address)  # reads and compiles the templates
        if page.status == 200:
            milliseconds = statistics.median(_processor_ms(pages, address) for _ in range(repeats))
            found[name] = {"p50_ms": round(milliseconds, 1), "bytes": len(page.response.content)}
    return found


def _processor_ms(pages: Any, address: str) -> float:
    began = time.process_time()
    pages.get(address)
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [int(text) for text in sys.argv[3:]])
