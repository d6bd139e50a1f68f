"""Mails about usage: to admins while it is within the allowance, to everybody beyond it."""

from django.db.models import QuerySet

from vexil.controlplane.actions import mail
from vexil.controlplane.db.models import Membership, Organisation, Role, Subscription
from vexil.controlplane.queries import password_links, plans

_LOCAL = "http://localhost:8000"
_FULL = 100


def send_notice(subscription: Subscription, percent: int) -> None:
    """Once the running transaction is committed."""
    organisation = subscription.organisation
    body = (
        f"The organisation {organisation.name} (id {organisation.pk}) has used {percent} % of the API calls that its "
        f"plan includes.\n\n{_consequence(subscription, percent)}\n\nUsage in detail: {_usage_page(organisation)}\n"
    )
    members = Membership.objects.filter(organisation=organisation)
    recipients = members if percent >= _FULL else members.filter(role=Role.ADMIN)
    _send(recipients, f"Vexil API use has reached {percent}%", body)


def send_block(organisation: Organisation) -> None:
    body = (
        f"The organisation {organisation.name} (id {organisation.pk}) has used more API calls than its plan includes, "
        "for longer than the seven days of grace. It is blocked until its usage was within the allowance for 30 days, "
        f"or until its plan changes.\n\nUsage in detail: {_usage_page(organisation)}\n"
    )
    members = Membership.objects.filter(organisation=organisation)
    _send(members, "Vexil API use has been blocked due to overuse", body)


def _consequence(subscription: Subscription, percent: int) -> str:
    if not plans.is_free(subscription):
        return "What goes beyond the plan is charged at the end of the billing period. Flags are served on."
    if subscription.breached_at is not None:
        return "At 100 % serving flags and access to the administration stop, without days of grace this time."
    when = "in seven days, if usage is still above 100 % then" if percent >= _FULL else "seven days after 100 %"
    return f"Serving flags and access to the administration stop {when}."


def _usage_page(organisation: Organisation) -> str:
    return f"{password_links.site(_LOCAL)}/organisation/{organisation.pk}/usage"


def _send(memberships: "QuerySet[Membership]", subject: str, body: str) -> None:
    for email in memberships.filter(user__is_active=True).order_by("pk").values_list("user__email", flat=True):
        mail.send_later(to=email, subject=subject, body=body)
