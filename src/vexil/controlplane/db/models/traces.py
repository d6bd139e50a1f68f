"""Which request's trace a row was written in, so that what is done for it later can belong to it."""

from django.db import models

from vexil.tracing import tracing


def present() -> str:
    """The span of the request at hand, as W3C's `traceparent` names it; empty without tracing."""
    return tracing.parent()


class Traced(models.Model):
    traceparent = models.CharField(max_length=55, default=present, db_default="", editable=False)

    class Meta:
        abstract = True
