"""Why identities get what they get: the data plane's own decisions on the newest snapshot, with their reasons.

Compiled environments are kept for as long as they are the newest; a process holds a few of them.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from vexil import engine
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment
from vexil.reasons import decisions, explanations
from vexil.reasons.explanations import Explanation
from vexil.wire import snapshot

_KEPT_MAX = 4


@dataclass(frozen=True, slots=True)
class Explained:
    """What one identity gets in an environment: `docs/flags-api.openapi.yaml` describes the shapes."""

    segments: list[Explanation]
    flags: list[Explanation]


@dataclass(frozen=True, slots=True)
class _Compiled:
    version: int
    decisions: decisions.Decisions
    hides_disabled: bool
    overrides: Mapping[str, snapshot.IdentityOverrides]


_kept: OrderedDict[int, _Compiled] = OrderedDict()
_lock = threading.Lock()


def explain(environment: Environment, subject: engine.Subject, *, is_stored: bool) -> Explained:
    """No statement, and a look into the store when the environment has changed; overrides count if it is stored."""
    compiled = _compiled(environment)
    if compiled is None:
        return Explained([], [])
    overrides = compiled.overrides.get(subject.identifier) if is_stored else None
    flags = explanations.of_flags(compiled.decisions, subject, overrides, hides_disabled=compiled.hides_disabled)
    return Explained(explanations.of_segments(compiled.decisions, subject), flags)


def rules_of(rules: Sequence[Mapping[str, Any]]) -> list[snapshot.Rule]:
    """Rules as `Segment.rules` holds them, for the engine."""
    return msgspec.convert(rules, list[snapshot.Rule])


def _compiled(environment: Environment) -> _Compiled | None:
    with _lock:
        kept = _kept.get(environment.pk)
        if kept is not None and kept.version >= environment.version:
            _kept.move_to_end(environment.pk)
            return kept
    stored = stores.current().snapshots.body(environment.pk)
    if stored is None:
        return None
    fresh = _of_snapshot(snapshot.decode(stored[1]))
    with _lock:
        _kept[environment.pk] = fresh
        while len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
    return fresh


def _of_snapshot(source: snapshot.Snapshot) -> _Compiled:
    hides = source.environment.hide_disabled_flags
    return _Compiled(
        source.version,
        decisions.compiled(source),
        source.project.hide_disabled_flags if hides is None else hides,
        {entry.identifier: entry for entry in source.identity_overrides},
    )
