"""What a request that failed is answered."""

import structlog

from vexil.dataplane import errors
from vexil.dataplane.environments import NotLoaded
from vexil.dataplane.errors import Refusal
from vexil.dataplane.rsgi import BodyIncomplete, BodyTooLarge, Head, Response
from vexil.stores.batches import Overloaded
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)


def answer(error: Exception, head: Head, *, body_bytes_max: int) -> Response:
    """JSON to the client; to the log the cause, if it is none that is to be expected."""
    return errors.answer(_refusal(error, head, body_bytes_max), head)


def _refusal(error: Exception, head: Head, body_bytes_max: int) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, BodyTooLarge):
        return errors.body_too_large(body_bytes_max)
    if isinstance(error, BodyIncomplete):
        return errors.body_incomplete()
    if isinstance(error, NotLoaded):
        return errors.not_loaded()
    if isinstance(error, Unavailable | Overloaded):
        return errors.unavailable()
    log.error("request.failed", path=head.path, exc_info=error)
    return errors.internal()
