"""Keep-alive connections to every worker of a server, told apart by the process that holds the other end."""

from pathlib import Path

import httpx

from tests.journeys.running import Server

CONNECTIONS_MAX = 400


class TooFewWorkers(Exception):
    """Connection after connection went to the same processes."""


def to_every_worker(server: Server) -> list[httpx.Client]:
    """One client for each worker; close them afterwards."""
    held: dict[int, httpx.Client] = {}
    surplus: list[httpx.Client] = []
    for _ in range(CONNECTIONS_MAX):
        client = httpx.Client(base_url=server.url, timeout=10)
        with client.stream("GET", "/health/liveness/") as answer:
            answer.read()
            local_port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
        worker = _process_at_the_other_end(server, local_port)
        if worker is None or worker in held:
            surplus.append(client)
        else:
            held[worker] = client
        if len(held) == server.workers:
            break
    for client in surplus:
        client.close()
    if len(held) < server.workers:
        raise TooFewWorkers(f"{len(held)} of {server.workers} workers took one of {CONNECTIONS_MAX} connections")
    return list(held.values())


def _process_at_the_other_end(server: Server, remote_port: int) -> int | None:
    inode = _inode(server.port, remote_port)
    for process in [server.pid, *descendants(server.pid)]:
        try:
            names = [file.readlink().name for file in Path(f"/proc/{process}/fd").iterdir()]
        except OSError:
            continue
        if f"socket:[{inode}]" in names:
            return process
    return None


def _inode(local_port: int, remote_port: int) -> str | None:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if [int(fields[place].rpartition(":")[2], 16) for place in (1, 2)] == [local_port, remote_port]:
            return fields[9]
    return None


def descendants(process: int) -> list[int]:
    """The process ids of all that a process started, and of what these started."""
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        children = [int(child) for child in (task / "children").read_text().split()]
        found += [*children, *(grandchild for child in children for grandchild in descendants(child))]
    return found
