"""Whose tokens organisations take, and the access tokens that are given for them."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet

from vexil.controlplane.db.models import MasterAPIKey, Organisation, TrustRelationship

_SALT = "vexil.trust_relationship"
_PREFIX = "vxt."
"""Tells our access tokens from those of users' applications."""


def of_organisation(organisation: Organisation) -> QuerySet[TrustRelationship]:
    return TrustRelationship.objects.filter(organisation=organisation).select_related("master_api_key").order_by("pk")


def of_issuer(issuer: str) -> list[TrustRelationship]:
    """Those that may have been meant by a token of this issuer. One statement."""
    found = TrustRelationship.objects.filter(issuer=issuer, organisation__deleted_at__isnull=True, **_USABLE)
    return list(found.select_related("master_api_key", "organisation").order_by("pk"))


_USABLE = {"master_api_key__revoked": False, "master_api_key__deleted_at__isnull": True}


def accepts(relationship: TrustRelationship, claims: Mapping[str, Any]) -> bool:
    """Whether the claims are for this audience and meet every rule."""
    audiences = claims.get("aud")
    is_meant = relationship.audience in (audiences if isinstance(audiences, list) else [audiences])
    return is_meant and all(_meets(claims.get(rule["claim"]), rule["values"]) for rule in relationship.claim_rules)


def access_token(relationship: TrustRelationship) -> str:
    return _PREFIX + signing.dumps(relationship.pk, salt=_SALT)


def key_of(text: str) -> MasterAPIKey | None:
    """The key that an access token stands for; None for one that is forged, too old, or no longer good."""
    if not text.startswith(_PREFIX):
        return None
    try:
        pk = signing.loads(
            text.removeprefix(_PREFIX), salt=_SALT, max_age=settings.VEXIL.trust_relationship_token_seconds
        )
    except signing.BadSignature:
        return None
    usable = {"trust_relationship": pk, "revoked": False, "deleted_at__isnull": True}
    found = MasterAPIKey.objects.filter(**usable, organisation__deleted_at__isnull=True)
    return found.select_related("organisation").first()


def _meets(claim: Any, patterns: list[str]) -> bool:
    """A list is met by any of its items, a pattern by any text where it has `*`."""
    if claim is None:
        return False
    texts = [_text(value) for value in (claim if isinstance(claim, list) else [claim])]
    return any(fnmatchcase(text, _literal(pattern)) for text in texts for pattern in patterns)


def _text(value: Any) -> str:
    """JSON's own words for what is no text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _literal(pattern: str) -> str:
    """Only `*` is special: brackets and question marks stand for themselves."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
