"""Settings of what an installation tells of itself to those who watch over it."""

from dataclasses import dataclass

from vexil.variables import boolean as _boolean
from vexil.variables import integer as _integer
from vexil.variables import setting as _setting


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Metrics for Prometheus."""

    metrics: bool = _setting(
        "PROMETHEUS_ENABLED",
        False,
        "Show metrics at `/metrics/`, to whoever can reach it, and on a port of their own.",
        _boolean,
    )
    metrics_port: int = _setting("VEXIL_METRICS_PORT", 9100, "That port; 0 for none.", _integer(0, 65_535))
    metrics_host: str = _setting(
        "VEXIL_METRICS_HOST",
        "",
        "Address of that port; unset, that of `vexil serve`, and 127.0.0.1 for `vexil worker`.",
    )
    metrics_dir: str = _setting(
        "PROMETHEUS_MULTIPROC_DIR",
        "",
        "Where each server makes a folder for the counts of its processes; unset, among temporary files.",
    )
