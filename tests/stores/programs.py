"""Programs that tests run in processes of their own: `python -m tests.stores.programs NAME URL FOLDER ARGUMENTS`."""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

from vexil.stores.identities import Increment, Upsert
from vexil.stores.opening import Stores, open_stores
from vexil.stores.snapshots import EnvironmentKey

_ROOT = Path(__file__).parents[2]


def start(name: str, url: str | None, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.stores.programs", name, url or "", str(folder), *map(str, arguments)]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)


def finish(*programs: subprocess.Popen[str]) -> list[str]:
    """What each printed; raise if one failed."""
    printed = [program.communicate(timeout=60)[0] for program in programs]
    assert [program.returncode for program in programs] == [0] * len(programs)
    return printed


def write_traits(stores: Stores, prefix: str, times: str) -> None:
    for number in range(int(times)):
        stores.identities.save_many([Upsert(1, "shared", {f"{prefix}-{number}": number})])


def increment(stores: Stores, times: str) -> None:
    for _ in range(int(times)):
        stores.identities.increment_many([Increment(1, "shared", "visits", 1), Increment(1, "shared", "visits", 2)])


def write_until_killed(stores: Stores) -> None:
    """Print each batch's number once it is acknowledged."""
    for batch in count():
        stores.identities.save_many([Upsert(batch, f"user-{number}", {"batch": batch}) for number in range(20)])
        print(batch, flush=True)


def put_snapshot(stores: Stores, environment_id: str, version: str) -> None:
    stores.snapshots.put(int(environment_id), int(version), (EnvironmentKey("key"),), b"{}")


def migrate(stores: Stores) -> None:
    stores.migrate()


def fork(stores: Stores) -> None:
    """Use the stores before a fork, in the child and afterwards in the parent."""
    stores.identities.create(1, "before")
    child = os.fork()
    if child == 0:
        stores.identities.create(1, "child")
        stores.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    stores.identities.create(1, "after")
    print(*(identity.identifier for identity in stores.identities.page(1, offset=0, limit=9).identities))


_PROGRAMS = {
    program.__name__: program for program in (write_traits, increment, write_until_killed, put_snapshot, migrate, fork)
}

if __name__ == "__main__":
    _, program_name, database, data_dir, *rest = sys.argv
    _PROGRAMS[program_name](open_stores(database or None, Path(data_dir)), *rest)
