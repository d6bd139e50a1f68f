"""Trusting the tokens of other issuers, so that scripts need no key that could leak."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import MasterAPIKey, Organisation, TrustRelationship
from vexil.controlplane.integrations import oidc, outgoing
from vexil.controlplane.integrations.addresses import InternalAddress
from vexil.controlplane.integrations.oidc import UntrustedToken
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import trust_relationships as queries

_KEY_NAME_CHARACTERS_MAX = 50


class UnfitIssuer(Refused):
    """Whoever is there cannot be asked for keys, or not safely."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="issuer")


@transaction.atomic
def create(organisation: Organisation, *, by: Actor, is_admin: bool, **fields: Any) -> TrustRelationship:
    """With a key of its own, which says what it opens and which nobody can use by itself."""
    _check_issuer(fields["issuer"])
    key = MasterAPIKey(organisation=organisation, created_by=by.user, name=_key_name(fields["name"]), is_admin=is_admin)
    MasterAPIKey.objects.assign_key(key)
    key.save()
    relationship = TrustRelationship.objects.create(
        organisation=organisation, master_api_key=key, created_by=by.user, **fields
    )
    after = facts(relationship)
    events.record(by, "trust_relationship.created", relationship.pk, scope=organisation, after=after)
    return relationship


@transaction.atomic
def update(relationship: TrustRelationship, *, by: Actor, **changes: Any) -> TrustRelationship:
    if "issuer" in changes:
        _check_issuer(changes["issuer"])
    before = facts(relationship)
    key = relationship.master_api_key
    key.is_admin = changes.pop("is_admin", key.is_admin)
    for name, value in changes.items():
        setattr(relationship, name, value)
    key.name = _key_name(relationship.name)
    key.save(update_fields=["name", "is_admin"])
    relationship.save(update_fields=list(changes))
    scope, after = relationship.organisation, facts(relationship)
    events.record(by, "trust_relationship.updated", relationship.pk, scope=scope, before=before, after=after)
    return relationship


@transaction.atomic
def delete(relationship: TrustRelationship, *, by: Actor) -> None:
    """Tokens that it has given are refused with the next request; its key stays as what the history names."""
    before, pk = facts(relationship), relationship.pk
    key = relationship.master_api_key
    key.revoked, key.deleted_at = True, timezone.now()
    key.save(update_fields=["revoked", "deleted_at"])
    relationship.delete()
    events.record(by, "trust_relationship.deleted", pk, scope=relationship.organisation, before=before)


def exchange(token: str) -> str:
    """An access token for that of an issuer; raise `UntrustedToken`.

    Nobody is asked over the network but issuers that some organisation trusts.
    """
    claims = oidc.unverified(token)
    issuer = claims.get("iss")
    meant = [found for found in queries.of_issuer(str(issuer)) if queries.accepts(found, claims)]
    if len(meant) != 1:
        raise UntrustedToken(_NONE if not meant else _SEVERAL)
    relationship = meant[0]
    allow_internal = settings.VEXIL.webhooks_may_be_internal
    confirmed = oidc.verified(
        token, issuer=relationship.issuer, audience=relationship.audience, allow_internal=allow_internal
    )
    if not queries.accepts(relationship, confirmed):
        raise UntrustedToken(_NONE)
    return queries.access_token(relationship)


_NONE = "No trust relationship matches this token."
_SEVERAL = "More than one trust relationship matches this token."


def facts(relationship: TrustRelationship) -> dict[str, Any]:
    """What an event tells of one."""
    names = ("name", "issuer", "audience", "claim_rules")
    return {**{name: getattr(relationship, name) for name in names}, "is_admin": relationship.master_api_key.is_admin}


def _check_issuer(issuer: str) -> None:
    """Raise `UnfitIssuer`. It is kept as it was typed, since tokens name it literally."""
    may_be_internal = settings.VEXIL.webhooks_may_be_internal
    try:
        parts = urlsplit(issuer)
        if not parts.hostname or not oidc.is_safe(issuer, allow_internal=may_be_internal):
            raise UnfitIssuer("Issuer must be an https:// URL.")
        if parts.query or parts.fragment:
            raise UnfitIssuer("Issuer must not contain a query string or fragment.")
        outgoing.check(issuer, allow_internal=may_be_internal)
    except InternalAddress:
        raise UnfitIssuer("Issuer must not be in an internal or private network.") from None
    except ValueError:
        raise UnfitIssuer("Issuer must be an https:// URL.") from None


def _key_name(name: str) -> str:
    return f"Trust relationship: {name}"[:_KEY_NAME_CHARACTERS_MAX]
