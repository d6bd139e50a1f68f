"""What integrations are told, without anybody's key: a change of flags, or identities with their flags.

It is written down when it happens and kept with its delivery; a request is made of it only when it is sent.
"""

from typing import Any, Literal

import msgspec


class Change(msgspec.Struct, frozen=True):
    """One line of the audit log that is about a feature, its states or a segment."""

    id: int
    log: str
    kind: str
    """FEATURE, FEATURE_STATE, EF_VERSION or SEGMENT."""
    action: str
    """created, updated or deleted; an override that comes or goes is an update of its flag."""
    happened_at: str
    author: str
    """A user's address or a key's name."""
    project: str
    environment: str | None
    feature: str | None
    segment: str | None
    enabled: bool | None
    """What a feature is after the change, where it was one of a state."""
    tags: list[str] = []
    """Labels of the feature's tags."""

    @property
    def environment_name(self) -> str:
        """What has no environment is sent as `unknown`, as dashboards on the other side expect."""
        return self.environment or "unknown"

    @property
    def sentence(self) -> str:
        return f"{self.log} by user {self.author}"


class Identified(msgspec.Struct, frozen=True):
    """An identity that asked for its flags."""

    identifier: str
    traits: dict[str, Any]
    flags: dict[str, Any]
    """By feature: the value of an enabled flag that has one, else whether it is enabled."""


class IdentifiedInFull(msgspec.Struct, frozen=True):
    """The same, as the identity webhook gets it."""

    identity: str
    traits: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    segments: list[dict[str, Any]]


LABEL = "Feature Flag"
"""What issues and pull requests of features are labelled with."""


class Comment(msgspec.Struct, frozen=True):
    """What is to be written below an issue or a pull request; or what becomes of its label."""

    url: str
    """Of the issue or pull request."""
    type: str
    """GITHUB_ISSUE, GITHUB_PR, GITLAB_ISSUE or GITLAB_MR."""
    text: str = ""
    label: Literal["add", "remove"] | None = None
