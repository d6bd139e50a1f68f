"""A webhook's message: how it is signed and sent."""

import hashlib
import hmac

from vexil.controlplane.integrations import outgoing
from vexil.controlplane.integrations.outgoing import Answer

SIGNATURE_HEADER = "X-Flagsmith-Signature"


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def send(url: str, secret: str, body: str, *, allow_internal: bool) -> Answer:
    """The receiver's answer, whatever its status; raise `outgoing.Unreachable` without one."""
    content = body.encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Vexil-Webhooks"}
    if secret:
        headers[SIGNATURE_HEADER] = signature(secret, content)
    return outgoing.post(url, content, headers, allow_internal=allow_internal)
