"""The life of an organisation under a plan, with times of the test's own."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings

from tests.controlplane.scenes import Scene, make_scene
from tests.factories import make_organisation, make_user
from vexil.controlplane.actions import overages, plans, usage_blocks, usage_notices
from vexil.controlplane.actions.overages import Charge
from vexil.controlplane.actions.plans import OwnLimits
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Membership, Organisation, OverageCharge, Subscription, UsageBlock, UsageNotice
from vexil.controlplane.jobs import recurring
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import billing
from vexil.controlplane.queries.billing import NoBillingPeriod
from vexil.controlplane.queries.usage import Span
from vexil.plans import FREE
from vexil.stores.usage import UsageKey

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LOCAL_MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def outbox() -> Iterator[list[mail.EmailMessage]]:
    mail.outbox = []
    config = replace(settings.VEXIL, billing=True, blocks_admin=True, domain="flags.example.com")
    with override_settings(EMAIL_BACKEND=LOCAL_MEMORY, VEXIL=config):
        yield mail.outbox


@pytest.fixture
def scene() -> Scene:
    made = make_scene()
    made.feature()
    Membership.objects.create(organisation=made.project.organisation, user=make_user("kim@example.com"))
    give(made, max_api_calls=1000)
    return made


def give(scene: Scene, plan: str = FREE, now: datetime = START, **limits: Any) -> None:
    plans.set_plan(scene.project.organisation, plan, by=SYSTEM, now=now, limits=OwnLimits(**limits))


def use(scene: Scene, calls: int, at: datetime) -> None:
    hour = at.replace(minute=0, second=0, microsecond=0)
    stores.current().usage.add({UsageKey(scene.environment.pk, "flags", hour, ""): calls})


def told(scene: Scene) -> list[tuple[int, datetime]]:
    notices = UsageNotice.objects.filter(organisation=scene.project.organisation).order_by("notified_at")
    return list(notices.values_list("percent_usage", "notified_at"))


def subscription(scene: Scene) -> Subscription:
    return Subscription.objects.select_related("organisation").get(organisation=scene.project.organisation)


def state(scene: Scene) -> tuple[bool, bool, bool]:
    """Whether serving is stopped, the dashboard blocked, and the data plane told of a block by usage."""
    row = Organisation.objects.get(pk=scene.project.organisation_id)
    published = scene.snapshot().organisation
    assert published.stop_serving_flags == row.stop_serving_flags
    return row.stop_serving_flags, row.block_access_to_admin, published.blocked_until is not None


def mails(outbox: list[mail.EmailMessage], count: int) -> list[tuple[str, str]]:
    """Recipients and subjects, once so many have left."""
    deadline = time.monotonic() + 5
    while len(outbox) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return sorted((message.to[0], message.subject) for message in outbox)


def test_each_threshold_is_told_once_in_a_period_and_only_the_highest(scene: Scene) -> None:
    use(scene, 740, START - DAY)
    usage_notices.notify_all(START)
    assert told(scene) == []

    use(scene, 10, START - DAY)
    assert (usage_notices.notify_all(START), usage_notices.notify_all(START + DAY)) == (1, 0)
    use(scene, 1300, START)
    usage_notices.notify_all(START + DAY)

    assert told(scene) == [(75, START), (200, START + DAY)]
    use(scene, 800, START + 40 * DAY)
    usage_notices.notify_all(START + 41 * DAY)
    assert told(scene)[2:] == [(75, START + 41 * DAY)]


def test_admins_hear_of_usage_within_the_allowance_and_everybody_beyond_it(
    scene: Scene, outbox: list[mail.EmailMessage]
) -> None:
    use(scene, 900, START - DAY)
    usage_notices.notify_all(START)
    subject = "Vexil API use has reached 90%"
    assert mails(outbox, 1) == [(scene.admin.email, subject)]

    use(scene, 100, START - DAY)
    usage_notices.notify_all(START)
    subject_100 = "Vexil API use has reached 100%"
    wanted = [(scene.admin.email, subject_100), (scene.admin.email, subject), ("kim@example.com", subject_100)]
    assert mails(outbox, 3) == sorted(wanted)
    organisation = scene.project.organisation
    facts = [organisation.name, f"(id {organisation.pk})", "100 %", "seven days"]
    link = f"https://flags.example.com/organisation/{organisation.pk}/usage"
    body = next(message.body for message in outbox if message.to == ["kim@example.com"])
    assert [fact in str(body) for fact in [*facts, link]] == [True] * 5


def test_a_free_organisation_is_blocked_after_seven_days_of_grace_and_let_in_after_thirty(
    scene: Scene, outbox: list[mail.EmailMessage]
) -> None:
    use(scene, 1000, START - DAY)
    usage_notices.notify_all(START)

    assert usage_blocks.block_all(START + 7 * DAY - timedelta(seconds=1)) == 0
    assert state(scene) == (False, False, False)
    assert usage_blocks.block_all(START + 7 * DAY) == 1
    assert state(scene) == (True, True, True)
    assert scene.snapshot().organisation.blocked_until == (START + 30 * DAY).timestamp()
    assert [subject for _, subject in mails(outbox, 4)].count("Vexil API use has been blocked due to overuse") == 2
    assert usage_blocks.block_all(START + 8 * DAY) == 0

    use(scene, 2000, START + 9 * DAY)
    assert usage_notices.notify_all(START + 10 * DAY) == 0, "a notice would prolong the block"
    assert usage_blocks.unblock_all(START + 30 * DAY - timedelta(seconds=1)) == 0
    assert usage_blocks.unblock_all(START + 30 * DAY) == 1
    assert state(scene) == (False, False, False)


def test_whoever_was_blocked_before_has_no_second_grace(scene: Scene, outbox: list[mail.EmailMessage]) -> None:
    use(scene, 1000, START - DAY)
    usage_notices.notify_all(START)
    usage_blocks.block_all(START + 7 * DAY)
    usage_blocks.unblock_all(START + 30 * DAY)
    use(scene, 1000, START + 60 * DAY)

    usage_notices.notify_all(START + 61 * DAY)

    assert usage_blocks.block_all(START + 61 * DAY) == 1
    mails(outbox, 6)
    assert [str(message.body).count("without days of grace") for message in outbox].count(1) == 2


def test_usage_that_went_down_in_the_days_of_grace_blocks_nobody(scene: Scene) -> None:
    use(scene, 1000, START - 27 * DAY)
    usage_notices.notify_all(START)

    assert usage_blocks.block_all(START + 7 * DAY) == 0
    assert state(scene) == (False, False, False)
    assert subscription(scene).breached_at is None


def test_a_plan_that_is_paid_for_ends_the_block_at_once_and_is_never_blocked(scene: Scene) -> None:
    use(scene, 1000, START - DAY)
    usage_notices.notify_all(START)
    usage_blocks.block_all(START + 7 * DAY)

    give(scene, "startup", START + 8 * DAY, max_api_calls=1000)
    assert (state(scene), UsageBlock.objects.exists()) == ((False, False, False), False)

    use(scene, 9000, START + 9 * DAY)
    assert usage_notices.notify_all(START + 10 * DAY) == 1
    assert usage_blocks.block_all(START + 20 * DAY) == 0
    assert state(scene) == (False, False, False)


def test_a_stop_by_hand_is_no_block_and_stays(scene: Scene) -> None:
    organisation = scene.project.organisation
    usage_blocks.set_serving(organisation, serves=False, by=SYSTEM)
    assert state(scene) == (True, False, False)
    use(scene, 1000, START - DAY)
    usage_notices.notify_all(START)

    assert usage_blocks.block_all(START + 7 * DAY) == 0
    assert usage_blocks.unblock_all(START + 90 * DAY) == 0
    assert state(scene) == (True, False, False)
    usage_blocks.set_serving(organisation, serves=True, by=SYSTEM)
    assert state(scene) == (False, False, False)


def test_months_of_a_paid_plan_run_from_the_day_it_began(scene: Scene) -> None:
    begun = datetime(2026, 1, 31, 10, tzinfo=UTC)
    plans.set_plan(scene.project.organisation, "startup", by=SYSTEM, now=begun)
    row = subscription(scene)
    march = Span(datetime(2026, 2, 28, 10, tzinfo=UTC), datetime(2026, 3, 31, 10, tzinfo=UTC))

    assert billing.current_month(row, datetime(2026, 3, 31, 9, 59, tzinfo=UTC)) == march
    assert billing.current_month(row, march.since) == march
    assert billing.current_month(row, march.until).since == march.until
    assert billing.previous_month(row, march.since) == Span(begun, march.since)
    plans.cancel(scene.project.organisation, at=START, by=SYSTEM)
    with pytest.raises(NoBillingPeriod):
        billing.current_month(subscription(scene), START)
    assert plans.finish_cancellations(START) == 1
    assert subscription(scene).plan == FREE


def test_overage_is_charged_in_the_last_hour_by_packs_and_never_twice(scene: Scene) -> None:
    give(scene, "startup", START, max_api_calls=100_000)
    ends = [START + timedelta(days=days) for days in (31, 61, 92)]
    charges: list[Charge] = []

    def run(now: datetime) -> int:
        return overages.charge_all(now, charging=charges.append)

    use(scene, 199_999, START + DAY)
    assert (run(ends[0] - timedelta(minutes=61)), run(ends[0] - timedelta(minutes=50))) == (0, 0)
    assert subscription(scene).overage_waived_at == START
    use(scene, 100_001, ends[0] + DAY)
    assert run(ends[1] - timedelta(minutes=61)) == 0
    assert (run(ends[1] - timedelta(minutes=50)), run(ends[1] - timedelta(minutes=20))) == (1, 0)
    use(scene, 100_000, ends[1] - timedelta(hours=2))
    assert run(ends[1] - timedelta(minutes=10)) == 1
    use(scene, 500_000, ends[1] + DAY)
    assert run(ends[2] - timedelta(minutes=30)) == 1

    organisation = scene.project.organisation
    wanted = [Charge(organisation, ends[0], 1), Charge(organisation, ends[0], 1), Charge(organisation, ends[1], 4)]
    assert charges == wanted


def test_a_charge_that_fails_is_made_later(scene: Scene) -> None:
    give(scene, "startup", START, max_api_calls=1)
    use(scene, 1000, START + DAY)
    end = START + 31 * DAY

    def fail(_: Charge) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        overages.charge_all(end - timedelta(minutes=50), charging=fail)
    assert not OverageCharge.objects.exists()
    assert overages.charge_all(end - timedelta(minutes=20)) == 1


def test_jobs_run_when_they_are_due_and_those_of_billing_only_with_it(scene: Scene) -> None:
    use(scene, 1000, START - DAY)
    of_billing = [job.name for job in recurring.JOBS if job.for_billing]
    others = [job.name for job in recurring.JOBS if not job.for_billing]

    assert recurring.run_due(START) == others + of_billing
    assert told(scene) == [(100, START)]
    assert recurring.run_due(START + timedelta(minutes=29)) == []
    assert recurring.run_due(START + timedelta(minutes=30)) == ["overages.charge"]
    with override_settings(VEXIL=replace(settings.VEXIL, billing=False)):
        assert recurring.run_due(START + 7 * DAY) == others
    assert recurring.run_due(START + 7 * DAY) == of_billing
    assert state(scene) == (True, True, True)


def test_only_organisations_near_a_threshold_are_looked_at(scene: Scene) -> None:
    for _ in range(3):
        make_organisation()
    use(scene, 1000, START - DAY)

    assert usage_notices.notify_all(START) == 1
    assert told(scene) == [(100, START)]
