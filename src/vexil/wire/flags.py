"""Flag objects of `/flags/` and `/identities/` as finished JSON (sdk-api.md §2)."""

from typing import TypeVar

from vexil.wire import json_text, snapshot, times

T = TypeVar("T")

CONTROL = "control"

_VARIANT = b',"variant":'


class FlagWriter:
    """Writes the flag objects of one environment; what `hide_sensitive_data` hides becomes null."""

    def __init__(self, environment: snapshot.Environment) -> None:
        self._hides = environment.hide_sensitive_data
        self._environment = json_text.scalar(self._hidden(environment.id))

    def feature(self, feature: snapshot.Feature) -> bytes:
        """The `feature` object, the same in every flag of the feature."""
        return json_text.dumps(
            {
                "id": feature.id,
                "name": feature.name,
                "created_date": self._hidden(times.zulu(feature.created_date)),
                "description": self._hidden(feature.description),
                "initial_value": self._hidden(feature.initial_value),
                "default_enabled": self._hidden(feature.default_enabled),
                "type": feature.type,
            }
        )

    def flag(
        self, feature: bytes, state: snapshot.State, value: snapshot.FlagValue, *, identity_id: int | None
    ) -> bytes:
        """A flag up to and without its closing brace, so that `closed` or `with_variant` can end it."""
        link = state.link.id if state.link else None
        return b"".join(
            (
                b'{"id":',
                json_text.scalar(self._hidden(state.id)),
                b',"feature":',
                feature,
                b',"feature_state_value":',
                json_text.scalar(value),
                b',"environment":',
                self._environment,
                b',"identity":',
                json_text.scalar(self._hidden(identity_id)),
                b',"feature_segment":',
                json_text.scalar(self._hidden(link)),
                b',"enabled":true' if state.enabled else b',"enabled":false',
            )
        )

    def _hidden(self, value: T) -> T | None:
        return None if self._hides else value


def closed(flag: bytes) -> bytes:
    """As `/flags/` has it."""
    return flag + b"}"


def with_variant(flag: bytes, variant: str | None) -> bytes:
    """As `/identities/` has it."""
    return flag + _VARIANT + json_text.scalar(variant) + b"}"


def without_variant(flag: bytes) -> bytes:
    """The same as `closed` would have ended it."""
    # Within JSON's texts a quotation mark stands behind a backslash, so the last of these is the field's name.
    return closed(flag[: flag.rindex(_VARIANT)])
