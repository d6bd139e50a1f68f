"""Which webhooks hear of what."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from vexil.controlplane.db.models import AuditRecord, Environment, Organisation, Webhook


def of_environment(environment: Environment) -> QuerySet[Webhook]:
    return Webhook.objects.filter(environment=environment).order_by("pk")


def of_organisation(organisation: Organisation) -> QuerySet[Webhook]:
    return Webhook.objects.filter(organisation=organisation).order_by("pk")


def listeners(records: Sequence[AuditRecord]) -> dict[int, list[Webhook]]:
    """By record: the webhooks of its environment and of its organisation that are switched on. One statement."""
    environments = {row.environment_id for row in records if row.environment_id is not None}
    organisations = {row.organisation_id for row in records if row.organisation_id is not None}
    concerned = Webhook.objects.filter(Q(environment__in=environments) | Q(organisation__in=organisations))
    webhooks = list(concerned.filter(enabled=True).order_by("pk"))
    found = {row.pk: [webhook for webhook in webhooks if _hears(webhook, row)] for row in records}
    return {pk: listening for pk, listening in found.items() if listening}


def _hears(webhook: Webhook, row: AuditRecord) -> bool:
    """Whether it is told of what happens there, and was there when it happened."""
    if webhook.environment_id is not None:
        is_there = webhook.environment_id == row.environment_id
    else:
        is_there = webhook.organisation_id == row.organisation_id
    return is_there and webhook.created_at <= row.created_at
