import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from vexil.stores import Unavailable, batches
from vexil.stores.batches import Batches, Overloaded


class Recorder:
    """Stands for a store: keeps what it was asked, fails for what it is told to, waits while the gate is shut."""

    def __init__(self, failures: dict[int, Exception] | None = None) -> None:
        self.batches: list[list[int]] = []
        self.failures = failures or {}
        self.gate = threading.Event()
        self.gate.set()

    def apply(self, items: Sequence[int]) -> list[str]:
        self.gate.wait(10)
        self.batches.append(list(items))
        for item in items:
            if item in self.failures:
                raise self.failures[item]
        return [f"{item}!" for item in items]


async def start(batches: Batches[int, str], *items: int) -> list["asyncio.Task[str]"]:
    """Ask for each item, without waiting for the answers."""
    tasks = [asyncio.create_task(batches.run(item)) for item in items]
    await asyncio.sleep(0.05)
    return tasks


def test_each_item_gets_its_own_result() -> None:
    async def story() -> list[str]:
        batches = Batches(Recorder().apply)
        results = await asyncio.gather(*map(batches.run, range(1200)))
        await batches.close()
        return results

    assert asyncio.run(story()) == [f"{item}!" for item in range(1200)]


def test_what_gathers_meanwhile_is_applied_together_up_to_a_limit() -> None:
    recorder = Recorder()

    async def story() -> None:
        batches = Batches(recorder.apply, batch_max=3)
        recorder.gate.clear()
        tasks = await start(batches, 0) + await start(batches, 1, 2, 3, 4)
        recorder.gate.set()
        await asyncio.gather(*tasks)
        await batches.close()

    asyncio.run(story())

    assert recorder.batches == [[0], [1, 2, 3], [4]]


def test_one_bad_item_does_not_fail_its_neighbours() -> None:
    recorder = Recorder({2: ValueError("two")})

    async def story() -> list[object]:
        batches = Batches(recorder.apply)
        recorder.gate.clear()
        tasks = await start(batches, 0) + await start(batches, 1, 2, 3)
        recorder.gate.set()
        outcomes: list[object] = list(await asyncio.gather(*tasks, return_exceptions=True))
        await batches.close()
        return outcomes

    assert asyncio.run(story()) == ["0!", "1!", recorder.failures[2], "3!"]
    assert recorder.batches == [[0], [1, 2, 3], [1], [2], [3]]


def test_unavailable_database_fails_the_batch_without_further_attempts() -> None:
    recorder = Recorder({2: Unavailable("away")})

    async def story() -> list[object]:
        batches = Batches(recorder.apply)
        recorder.gate.clear()
        tasks = await start(batches, 0) + await start(batches, 1, 2)
        recorder.gate.set()
        outcomes: list[object] = list(await asyncio.gather(*tasks, return_exceptions=True))
        assert await batches.run(5) == "5!"
        await batches.close()
        return outcomes

    assert asyncio.run(story()) == ["0!", recorder.failures[2], recorder.failures[2]]
    assert recorder.batches == [[0], [1, 2], [5]]


def test_full_queue_refuses_further_items() -> None:
    recorder = Recorder()

    async def story() -> list[str]:
        batches = Batches(recorder.apply, waiting_max=2)
        recorder.gate.clear()
        tasks = await start(batches, 0) + await start(batches, 1, 2)
        with pytest.raises(Overloaded):
            await batches.run(3)
        recorder.gate.set()
        results = await asyncio.gather(*tasks)
        await batches.close()
        return results

    assert asyncio.run(story()) == ["0!", "1!", "2!"]


def test_a_database_that_neither_answers_nor_ends_is_refused_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_LOOK_SECONDS", 0.02)
    recorder = Recorder()

    async def story() -> tuple[list[object], object, str]:
        asked = Batches(recorder.apply)
        recorder.gate.clear()
        stuck = await start(asked, 1) + await start(asked, 2, 3)
        refused = await asyncio.gather(*stuck, return_exceptions=True)
        (at_once,) = await asyncio.gather(asked.run(4), return_exceptions=True)
        recorder.gate.set()
        while True:
            with suppress(Unavailable):
                answered = await asked.run(5)
                break
            await asyncio.sleep(0.01)
        await asked.close()
        return list(refused), at_once, answered

    refused, at_once, answered = asyncio.run(story())

    assert [type(outcome) for outcome in (*refused, at_once)] == [Unavailable] * 4
    assert (answered, recorder.batches) == ("5!", [[1], [5]])


def test_what_takes_long_but_goes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_LOOK_SECONDS", 0.05)

    def slow(items: Sequence[int]) -> list[str]:
        time.sleep(0.05)
        return [f"{item}!" for item in items]

    async def story() -> list[str]:
        asked = Batches(slow, batch_max=1)
        results = await asyncio.gather(*map(asked.run, range(12)))
        await asked.close()
        return results

    assert asyncio.run(story()) == [f"{item}!" for item in range(12)]


def test_close_applies_what_was_accepted_and_refuses_the_rest() -> None:
    recorder = Recorder()

    async def story() -> list[str]:
        batches = Batches(recorder.apply, batch_max=2)
        recorder.gate.clear()
        tasks = await start(batches, 0, 1, 2, 3, 4)
        closing = asyncio.create_task(batches.close())
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await batches.run(5)
        recorder.gate.set()
        await closing
        return await asyncio.gather(*tasks)

    assert asyncio.run(story()) == ["0!", "1!", "2!", "3!", "4!"]
    assert sorted(item for batch in recorder.batches for item in batch) == [0, 1, 2, 3, 4]


def test_cancelled_request_is_applied_and_harms_nobody() -> None:
    recorder = Recorder()

    async def story() -> str:
        batches = Batches(recorder.apply)
        recorder.gate.clear()
        blocker, cancelled, other = await start(batches, 0) + await start(batches, 1, 2)
        cancelled.cancel()
        await asyncio.sleep(0)
        recorder.gate.set()
        await blocker
        result = await other
        await batches.close()
        return result

    assert asyncio.run(story()) == "2!"
    assert recorder.batches == [[0], [1, 2]]


def test_closing_what_never_ran_returns() -> None:
    asyncio.run(Batches(Recorder().apply).close())
