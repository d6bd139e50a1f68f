"""A snapshot made ready for requests: finished answers where they do not hang on the identity, an engine where they do.

An environment is compiled when its snapshot arrives, away from requests, and never changes afterwards.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import chain

from vexil import engine
from vexil.dataplane.catalogue import Catalogue
from vexil.dataplane.finished import Finished
from vexil.dataplane.prepared import Prepared
from vexil.reasons.decisions import Decisions, strongest_first
from vexil.wire import document_reuse, flags, snapshot, times
from vexil.wire.headers import Headers

Outcomes = engine.Outcomes[bytes]
Warn = Callable[[str], None]


class CompiledEnvironment:
    """One environment at one version."""

    def __init__(self, source: snapshot.Snapshot, warn: Warn, previous: "CompiledEnvironment | None" = None) -> None:
        """What of `source` is the very same as in the version before is not made anew."""
        self.source = source
        self.id = source.environment.id
        self.version = source.version
        self.settings = source.environment
        self.organisation = source.organisation
        self.has_identity_integrations = source.environment.has_identity_integrations
        self.updated_at = datetime.fromisoformat(source.environment.updated_at)
        self.updated_at_text = times.unix_text(self.updated_at)
        self.headers: Headers = (
            ("Content-Type", "application/json"),
            ("X-Flagsmith-Document-Updated-At", self.updated_at_text),
        )
        """Of an answer that a client compares with the event stream."""
        self.last_modified = times.http_date(self.updated_at)
        self.identity_overrides = {entry.identifier: entry for entry in source.identity_overrides}
        self.encoded: document_reuse.Encoded = document_reuse.encoded(source, previous.encoded if previous else None)
        self.document = Finished(self.encoded.text, self.updated_at_text, self.last_modified)
        self.catalogue = Catalogue(source, warn)

        self.compiler: _Compiler = _Compiler(source, warn, previous.compiler if previous else None)
        compiler = self.compiler
        for_clients = [state for state in source.defaults if compiler.is_for_clients(state)]
        self.for_servers = View(compiler, source.defaults, self.updated_at_text)
        self.for_clients = View(compiler, for_clients, self.updated_at_text)


class View:
    """What one kind of key sees of an environment."""

    def __init__(self, compiler: "_Compiler", defaults: list[snapshot.State], updated_at_text: str) -> None:
        self._compiler = compiler
        self.prepared: dict[str | bytes, Prepared] = {}
        self.hides_disabled = compiler.hides_disabled
        self.feature_names = [compiler.features[state.feature_id].name for state in defaults]
        self._positions = {state.feature_id: position for position, state in enumerate(defaults)}
        self._engine = engine.Environment(compiler.matchers, [compiler.flag(state) for state in defaults])
        listed = list(zip(self.feature_names, map(compiler.listed, defaults), strict=True))
        self._defaults = defaults
        self.by_name = {name.lower(): flag for name, flag in reversed(listed) if flag}
        self.first = next((flag for _, flag in listed if flag), None)
        texts = b"[" + b",".join(flag for _, flag in listed if flag) + b"]"
        self.flags = Finished(texts, updated_at_text)

    def evaluate(self, subject: engine.Subject, overrides: snapshot.IdentityOverrides | None) -> list[bytes]:
        """One finished flag object per feature, in the order of `feature_names`; empty where it is hidden."""
        if overrides is None:
            return self._engine.evaluate(subject)
        return self._engine.evaluate(subject, self._overridden(overrides))

    @cached_property
    def decisions(self) -> Decisions:
        """The same flags with their reasons."""
        compiler = self._compiler
        return Decisions(compiler.source, self._defaults, compiler.matchers, compiler.overrides)

    def _overridden(self, overrides: snapshot.IdentityOverrides) -> Mapping[int, Outcomes]:
        return {
            self._positions[state.feature_id]: self._compiler.outcomes(state, identity_id=overrides.identity_id)
            for state in overrides.states
            if state.feature_id in self._positions
        }


class _Compiler:
    """What the views of one environment are made from."""

    def __init__(self, source: snapshot.Snapshot, warn: Warn, before: "_Compiler | None") -> None:
        self.source = source
        self.features = {feature.id: feature for feature in source.features}
        hides = source.environment.hide_disabled_flags
        self.hides_disabled = source.project.hide_disabled_flags if hides is None else hides
        self._options = {option.id: option for feature in source.features for option in feature.options}
        self._writer = flags.FlagWriter(source.environment)
        self._feature_texts = {feature.id: self._writer.feature(feature) for feature in source.features}
        self.segments = [segment for segment in source.segments if segment.overrides]
        self.matchers = self._compiled_segments(warn, before)
        self.overrides = strongest_first(self.segments, self.features)
        self.made = self._unchanged_outcomes(before) if before else {}
        """By the identity of a state of this snapshot."""
        self._flags: dict[int, engine.Flag[bytes]] = {}

    def _compiled_segments(self, warn: Warn, before: "_Compiler | None") -> list[engine.Matcher]:
        known = zip(before.segments, before.matchers, strict=True) if before else ()
        compiled = {id(segment): matcher for segment, matcher in known}
        return [
            compiled.get(id(segment)) or engine.compile_segment(str(segment.id), segment.rules, warn)
            for segment in self.segments
        ]

    def _unchanged_outcomes(self, before: "_Compiler") -> dict[int, Outcomes]:
        """Of states that are the same as in the version before, and so are the features that their texts name."""
        environment, former = self.source.environment, before.source.environment
        if (environment.id, environment.hide_sensitive_data) != (former.id, former.hide_sensitive_data):
            return {}
        if self.hides_disabled != before.hides_disabled:
            return {}
        states = chain(self.source.defaults, *(segment.overrides for segment in self.segments))
        return {
            id(state): before.made[id(state)]
            for state in states
            if id(state) in before.made and self.features.get(state.feature_id) is before.features[state.feature_id]
        }

    def is_for_clients(self, state: snapshot.State) -> bool:
        return not self.features[state.feature_id].is_server_key_only

    def listed(self, state: snapshot.State) -> bytes:
        """The flag as `/flags/` shows it; empty when it is hidden."""
        text = self.flag(state).default.default
        return text and flags.without_variant(text)

    def flag(self, state: snapshot.State) -> engine.Flag[bytes]:
        """The same for both views."""
        flag = self._flags.get(state.id)
        if flag is None:
            flag = self._flags[state.id] = self._flag(state)
        return flag

    def _flag(self, state: snapshot.State) -> engine.Flag[bytes]:
        overrides = self.overrides.get(state.feature_id, ())
        return engine.Flag(
            self._made_once(state),
            tuple(engine.Override(override.segment, self._made_once(override.state)) for override in overrides),
        )

    def _made_once(self, state: snapshot.State) -> Outcomes:
        outcomes = self.made.get(id(state))
        if outcomes is None:
            outcomes = self.made[id(state)] = self.outcomes(state)
        return outcomes

    def outcomes(self, state: snapshot.State, *, identity_id: int | None = None) -> Outcomes:
        """What this state gives an identity."""
        if self.hides_disabled and not state.enabled:
            return engine.Outcomes(b"")
        text = self._flag_text(state, state.value, identity_id)
        if self.features[state.feature_id].type != "MULTIVARIATE":
            return engine.Outcomes(flags.with_variant(text, None))
        variants = tuple(
            self._variant(state, share, identity_id) for share in sorted(state.allocations, key=lambda share: share.id)
        )
        return engine.Outcomes(flags.with_variant(text, flags.CONTROL), variants, state.seed)

    def _variant(
        self, state: snapshot.State, share: snapshot.Allocation, identity_id: int | None
    ) -> engine.Variant[bytes]:
        option = self._options[share.option_id]
        text = self._flag_text(state, option.value, identity_id)
        return engine.Variant(share.percentage, flags.with_variant(text, option.key))

    def _flag_text(self, state: snapshot.State, value: snapshot.FlagValue, identity_id: int | None) -> bytes:
        return self._writer.flag(self._feature_texts[state.feature_id], state, value, identity_id=identity_id)
