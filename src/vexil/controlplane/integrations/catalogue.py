"""All integrations: what each hears of, and how a message becomes its request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from vexil.controlplane.integrations.amplitude import identify as amplitude
from vexil.controlplane.integrations.datadog import event as datadog
from vexil.controlplane.integrations.dynatrace import event as dynatrace
from vexil.controlplane.integrations.grafana import annotation as grafana
from vexil.controlplane.integrations.heap import track as heap
from vexil.controlplane.integrations.messages import Change, Identified, IdentifiedInFull
from vexil.controlplane.integrations.mixpanel import profiles as mixpanel
from vexil.controlplane.integrations.new_relic import deployment as new_relic
from vexil.controlplane.integrations.requests import Request, RequestOf, Settings
from vexil.controlplane.integrations.rudderstack import identify as rudderstack
from vexil.controlplane.integrations.segment import identify as segment
from vexil.controlplane.integrations.sentry import change as sentry
from vexil.controlplane.integrations.slack import channel as slack
from vexil.controlplane.integrations.webhook import identify as webhook

IDENTITY_WEBHOOK = "webhook"
MANY = 25
"""Identities in one request, where the other side takes several: a record of it stays readable."""


@dataclass(frozen=True, slots=True)
class OfIdentities:
    """Hears of identities that ask for their flags."""

    request: RequestOf
    identities_max: int = 1
    message: type[Any] = Identified


@dataclass(frozen=True, slots=True)
class OfChanges:
    """Hears of changes of flags and segments."""

    request: RequestOf
    is_told: Callable[[Change], bool] = lambda _: True
    refusal: Callable[[str], str] = lambda _: ""
    """Why an answer with a good status is none: for services that answer so to everything."""


OF_IDENTITIES = {
    "amplitude": OfIdentities(amplitude.request, MANY),
    "segment": OfIdentities(segment.request, MANY),
    "rudderstack": OfIdentities(rudderstack.request, MANY),
    "mixpanel": OfIdentities(mixpanel.request, MANY),
    "heap": OfIdentities(heap.request),
    IDENTITY_WEBHOOK: OfIdentities(webhook.request, message=IdentifiedInFull),
}
OF_CHANGES = {
    "dynatrace": OfChanges(dynatrace.request),
    "datadog": OfChanges(datadog.request),
    "new-relic": OfChanges(new_relic.request),
    "grafana": OfChanges(grafana.request),
    "sentry": OfChanges(sentry.request, sentry.is_told),
    "slack": OfChanges(slack.request, refusal=slack.refusal),
}
GITHUB, GITLAB, SLACK, SLACK_TOKEN = "github", "gitlab", "slack", "slack-token"
OF_COMMENTS = frozenset({GITHUB, GITLAB})
"""Comment on what features are linked to."""


def request_of(kind: str, settings: Settings, body: str) -> Request:
    """What is sent, made of what was written down and of the settings as they are now."""
    if kind in OF_IDENTITIES:
        of = OF_IDENTITIES[kind]
        return of.request(settings, msgspec.json.decode(body, type=list[of.message]))  # type: ignore[name-defined]
    return OF_CHANGES[kind].request(settings, msgspec.json.decode(body, type=Change))
