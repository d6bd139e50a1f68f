"""Commands for operators: what an organisation's plan is, what limits a project, and jobs out of their turn.

The control plane is loaded when a command runs, since that is slow.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vexil.controlplane.db.models import Organisation, Subscription

Lines = list[str]
Command = Callable[[argparse.Namespace], Lines]
_LIMITS = ("max_api_calls", "max_seats", "max_projects")
_PROJECT_LIMITS = ("max_features_allowed", "max_segments_allowed", "max_segment_overrides_allowed")
_NUMBER_MAX = 2**31 - 1


class CannotDo(Exception):
    """What was asked for is not there, or is refused; the message is for people."""


def add_commands(commands: Any, shared: argparse.ArgumentParser, run: Callable[[Command], Any]) -> None:
    """Add the commands; `run` makes of each what the command line calls."""
    plan = commands.add_parser("plan", parents=[shared], help="show or set the plan of an organisation")
    plan.add_argument("organisation", help="its id or name")
    plan.add_argument("plan", nargs="?", help="the plan to put it on; without one, what there is is shown")
    for name in _LIMITS:
        plan.add_argument(_option(name), type=_number, help="instead of what the plan includes")
    plan.add_argument("--term-starts-at", type=_time, help="when its months began to run (default: now)")
    plan.add_argument("--cancel-at", type=_time, help="when it goes back to the free plan")
    plan.set_defaults(command=run(_plan))

    serving = commands.add_parser("serving", parents=[shared], help="stop serving flags to an organisation, or resume")
    serving.add_argument("organisation", help="its id or name")
    serving.add_argument("state", choices=("on", "off"))
    serving.set_defaults(command=run(_serving))

    limits = commands.add_parser("limits", parents=[shared], help="show or set the system limits of a project")
    limits.add_argument("project", help="its id", type=_number)
    for name in _PROJECT_LIMITS:
        limits.add_argument(_option(name), dest=name, type=_number)
    limits.set_defaults(command=run(_limits))

    jobs = commands.add_parser("jobs", parents=[shared], help="run the jobs of usage and billing now")
    jobs.set_defaults(command=run(_jobs))
    buckets = commands.add_parser("populate_buckets", parents=[shared], help="fold old counts of usage into days now")
    buckets.set_defaults(command=run(_populate_buckets))


def _plan(options: argparse.Namespace) -> Lines:
    from vexil.controlplane.actions import plans  # noqa: PLC0415 -- slow import
    from vexil.controlplane.db.models import Subscription  # noqa: PLC0415 -- slow import
    from vexil.controlplane.permissions import SYSTEM  # noqa: PLC0415 -- slow import

    organisation, now = _organisation(options.organisation), datetime.now(UTC)
    own = {name: getattr(options, name) for name in _LIMITS}
    if options.plan is None and (options.term_starts_at or any(value is not None for value in own.values())):
        raise CannotDo("name the plan, too: limits are set together with it")
    if options.plan is not None:
        limits, starts_at = plans.OwnLimits(**own), options.term_starts_at
        try:
            plans.set_plan(organisation, options.plan, by=SYSTEM, now=now, limits=limits, term_starts_at=starts_at)
        except plans.UnknownPlan as refusal:
            raise CannotDo(refusal.message) from None
    if options.cancel_at is not None:
        plans.cancel(organisation, at=options.cancel_at, by=SYSTEM)
    return _shown_plan(Subscription.objects.select_related("organisation").get(organisation=organisation), now)


def _shown_plan(subscription: "Subscription", now: datetime) -> Lines:
    from vexil.controlplane.db.models import UsageBlock  # noqa: PLC0415 -- slow import
    from vexil.controlplane.queries import billing, plans  # noqa: PLC0415 -- slow import

    organisation = subscription.organisation
    plan, allowance = plans.of(subscription), billing.allowance(organisation, subscription, now)
    since, used = allowance.period.since, f"{allowance.used} of {allowance.allowed}"
    block = UsageBlock.objects.filter(organisation=organisation).first()
    notice = billing.newest_notice(subscription, now).first()
    state = "serves flags"
    if organisation.stop_serving_flags:
        state = f"blocked by its usage until {block.lapses_at:%Y-%m-%d %H:%M} UTC" if block else "stopped by hand"
    lines = [
        f"{organisation.name} (id {organisation.pk}): plan {plan.name}, {state}",
        f"API calls since {since:%Y-%m-%d}: {used}, {allowance.percent} %",
        f"seats {plan.max_seats}, projects {'unlimited' if plan.max_projects is None else plan.max_projects}",
    ]
    if notice:
        lines.append(f"told of {notice.percent_usage} % on {notice.notified_at:%Y-%m-%d}")
    if subscription.cancelled_at:
        lines.append(f"goes back to the free plan on {subscription.cancelled_at:%Y-%m-%d}")
    if not plans.has_billing():
        lines.append("Billing is off (ENABLE_API_USAGE_ALERTING): nothing of this limits anybody.")
    return lines


def _serving(options: argparse.Namespace) -> Lines:
    from vexil.controlplane.actions import usage_blocks  # noqa: PLC0415 -- slow import
    from vexil.controlplane.permissions import SYSTEM  # noqa: PLC0415 -- slow import

    organisation = _organisation(options.organisation)
    usage_blocks.set_serving(organisation, serves=options.state == "on", by=SYSTEM)
    return [f"{organisation.name} (id {organisation.pk}): serving is {options.state}"]


def _limits(options: argparse.Namespace) -> Lines:
    from vexil.controlplane.actions import projects  # noqa: PLC0415 -- slow import
    from vexil.controlplane.db.models import Project  # noqa: PLC0415 -- slow import
    from vexil.controlplane.permissions import SYSTEM  # noqa: PLC0415 -- slow import

    project = Project.live.filter(pk=options.project).first()
    if project is None:
        raise CannotDo(f"there is no project {options.project}")
    changes = {name: getattr(options, name) for name in _PROJECT_LIMITS if getattr(options, name) is not None}
    if changes:
        projects.update(project, by=SYSTEM, **changes)
    return [f"{_option(name)[2:]}: {getattr(project, name)}" for name in _PROJECT_LIMITS]


def _jobs(_options: argparse.Namespace) -> Lines:
    from vexil.controlplane.jobs import recurring  # noqa: PLC0415 -- slow import

    return [f"{name}: done" for name in recurring.run_all(datetime.now(UTC))]


def _populate_buckets(_options: argparse.Namespace) -> Lines:
    from vexil.controlplane.actions import usage_retention  # noqa: PLC0415 -- slow import

    usage_retention.fold(datetime.now(UTC))
    return ["Old counts are kept by the day now."]


def _organisation(named: str) -> "Organisation":
    from vexil.controlplane.db.models import Organisation  # noqa: PLC0415 -- slow import

    by_id = Organisation.live.filter(pk=int(named)) if named.isdecimal() and len(named) <= 18 else None
    found = list(by_id or Organisation.live.filter(name=named))
    if len(found) != 1:
        raise CannotDo(f"there are {len(found)} organisations {named!r}; name one by its id")
    return found[0]


def _option(name: str) -> str:
    return "--" + name.removesuffix("_allowed").replace("_", "-")


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) > _NUMBER_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number up to {_NUMBER_MAX}")
    return int(text)


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date or time such as 2026-05-01 or 2026-05-01T12:00Z"
        ) from None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
