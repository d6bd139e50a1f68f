"""URLs that people type and that this server calls."""

from django.conf import settings
from django.forms import ValidationError

from vexil.controlplane.integrations import outgoing
from vexil.controlplane.integrations.addresses import InternalAddress


def checked(url: str) -> str:
    """The URL; raise what is wrong with it for a form."""
    if not url.lower().startswith(("http://", "https://")):
        raise ValidationError("Only http and https URLs are called.")
    try:
        outgoing.check(url, allow_internal=settings.VEXIL.webhooks_may_be_internal)
    except InternalAddress:
        raise ValidationError("This leads to an internal or private address, which is not called.") from None
    except ValueError:
        raise ValidationError("This is no URL.") from None
    return url
