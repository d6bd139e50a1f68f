"""How large an environment document is, and which of its features and segments make it so."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vexil.wire import document, json_text, snapshot


@dataclass(slots=True)
class DocumentVolume:
    """Sizes in bytes of what is in the document; keys are ids."""

    total_bytes: int = 0
    build_seconds: float = 0.0
    """What writing it took here and now."""
    feature_bytes: "Counter[int]" = field(default_factory=Counter)
    """Default and overrides of each feature."""
    override_bytes: "Counter[int]" = field(default_factory=Counter)
    value_bytes: "Counter[int]" = field(default_factory=Counter)
    """Its values alone, those of its options among them, as often as they are repeated."""
    segment_bytes: "Counter[int]" = field(default_factory=Counter)
    """Each segment without its overrides."""
    defaults: int = 0
    segment_overrides: "Counter[int]" = field(default_factory=Counter)
    identity_overrides: "Counter[int]" = field(default_factory=Counter)
    """Numbers by feature."""


def measure(source: snapshot.Snapshot) -> DocumentVolume:
    """One pass over the document, which is written for that and let go."""
    started = time.perf_counter()
    volume = DocumentVolume(total_bytes=len(document.encoded(source)))
    volume.build_seconds = time.perf_counter() - started
    parts = document.in_steps(source)
    volume.defaults = len(parts["feature_states"])
    _add_states(volume, parts["feature_states"])
    for segment in parts["project"]["segments"]:
        within = _add_states(volume, segment["feature_states"], overrides=volume.segment_overrides)
        volume.segment_bytes[segment["id"]] = _bytes(segment) - within
    for identity in parts["identity_overrides"]:
        _add_states(volume, identity["identity_features"], overrides=volume.identity_overrides)
    return volume


def _add_states(
    volume: DocumentVolume, states: Iterable[dict[str, Any]], *, overrides: "Counter[int] | None" = None
) -> int:
    """The size of all of them; `overrides` counts them, unless they are defaults."""
    total = 0
    for state in states:
        feature_id, size = state["feature"]["id"], _bytes(state)
        total += size
        volume.feature_bytes[feature_id] += size
        volume.value_bytes[feature_id] += _bytes(state["feature_state_value"]) + sum(
            _bytes(share["multivariate_feature_option"]["value"])
            for share in state["multivariate_feature_state_values"]
        )
        if overrides is not None:
            overrides[feature_id] += 1
            volume.override_bytes[feature_id] += size
    return total


def _bytes(value: Any) -> int:
    return len(json_text.dumps(value))
