"""Mail to people. It leaves after the change is committed and beside the request, which no mail server can fail."""

import functools
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

log = structlog.get_logger(__name__)

_SENDERS = 2


def send_later(*, to: str, subject: str, body: str) -> None:
    """Send once the running transaction is committed. What goes wrong is logged, without addresses, and forgotten."""
    message = EmailMessage(_one_line(subject), body, from_email=settings.DEFAULT_FROM_EMAIL, to=[to])
    transaction.on_commit(lambda: _pool().submit(_send, message))


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:  # noqa: BLE001 -- whatever the backend raises, the mail is lost
        log.warning("mail.not_sent", reason=type(error).__name__)


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """Made at the first mail, in the process that sends it."""
    return ThreadPoolExecutor(_SENDERS, thread_name_prefix="mail")


def _one_line(text: str) -> str:
    """Names of people's making go into subjects, where a line break would start another header."""
    return " ".join(text.split())
