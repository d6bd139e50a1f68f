"""Everything the data plane needs to know of one environment, as one record.

The control plane builds a snapshot after each change and hands it to `stores`; the data plane compiles it.
Times are ISO 8601 with microseconds and `+00:00`, as in the environment document (evaluation.md §7).

Nothing here refers back to what holds it, so the garbage collector need not look at it (`gc=False`) nor at tuples
of it. Measured with 50,000 identity overrides: a full round stopped a process for 0.4 s, now for 0.1 s.
"""

import msgspec

FlagValue = str | int | bool | None


class Organisation(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    persist_trait_data: bool = True
    stop_serving_flags: bool = False
    blocked_until: float | None = None
    """Unix seconds when a stop by usage lapses; None for a stop by hand."""


class Project(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    hide_disabled_flags: bool = False
    enable_realtime_updates: bool = False


class Environment(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    api_key: str
    """The client key; server keys stand beside the snapshot in the store, so that look-ups need no body."""
    updated_at: str
    allow_client_traits: bool = True
    hide_sensitive_data: bool = False
    hide_disabled_flags: bool | None = None
    """None: as the project says."""
    use_identity_composite_key_for_hashing: bool = True
    use_identity_overrides_in_local_eval: bool = True
    has_identity_integrations: bool = False
    """Whether somebody outside is to be told of each identity that asks for its flags."""


class Option(msgspec.Struct, frozen=True, gc=False):
    """A value that a multivariate feature can take."""

    id: int
    key: str | None
    value: FlagValue


class Feature(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    type: str
    """STANDARD or MULTIVARIATE."""
    created_date: str
    description: str | None = None
    initial_value: str | None = None
    default_enabled: bool = False
    is_server_key_only: bool = False
    is_archived: bool = False
    options: list[Option] = []


class Allocation(msgspec.Struct, frozen=True, gc=False):
    """The share of identities that get one option in one feature state."""

    id: int
    uuid: str
    option_id: int
    percentage: float


class Link(msgspec.Struct, frozen=True, gc=False):
    """The segment override ("feature segment") that a state belongs to; 0 is the strongest priority."""

    id: int
    priority: int | None


class State(msgspec.Struct, frozen=True, gc=False):
    """A feature's state: the environment's default, one segment's or one identity's override."""

    id: int
    uuid: str
    feature_id: int
    enabled: bool
    value: FlagValue
    seed: str
    """What hashing starts from; states that supersede one another share it (evaluation.md §3)."""
    allocations: tuple[Allocation, ...] = ()
    link: Link | None = None


class Condition(msgspec.Struct, frozen=True, gc=False):
    operator: str
    property: str | None = None
    value: str | None = None


class Rule(msgspec.Struct, frozen=True, gc=False):
    type: str
    """ALL, ANY or NONE."""
    conditions: list[Condition] = []
    rules: list["Rule"] = []


class Segment(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    rules: list[Rule]
    description: str | None = None
    feature_id: int | None = None
    """Set for a segment that exists for one feature only."""
    overrides: list[State] = []


class IdentityOverrides(msgspec.Struct, frozen=True, gc=False):
    identity_id: int
    identifier: str
    created_date: str
    states: tuple[State, ...]


class _Most(msgspec.Struct, frozen=True, gc=False):
    version: int
    organisation: Organisation
    project: Project
    environment: Environment
    features: list[Feature] = []
    defaults: list[State] = []
    segments: list[Segment] = []


class Snapshot(_Most, frozen=True, gc=False):
    """One environment at one version: every list in ascending order of id."""

    identity_overrides: list[IdentityOverrides] = []


class _Outline(_Most, frozen=True, gc=False):
    identity_overrides: list[msgspec.Raw] = []


_outlines = msgspec.json.Decoder(_Outline)
_identity_overrides = msgspec.json.Decoder(IdentityOverrides)


def encode(snapshot: Snapshot) -> bytes:
    return msgspec.json.encode(snapshot)


def decode(body: bytes) -> Snapshot:
    """Raise `msgspec.ValidationError` for a body that is no snapshot.

    Identity overrides are read one by one, since a thread that decodes lets no other run before it is done: with
    50,000 of them it took 40 ms, now at most 15 ms at a time.
    """
    outline = _outlines.decode(body)
    overrides = [_identity_overrides.decode(one) for one in outline.identity_overrides]
    return Snapshot(**(msgspec.structs.asdict(outline) | {"identity_overrides": overrides}))
