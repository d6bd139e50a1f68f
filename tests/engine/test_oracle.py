"""The engine beside the reference's own, on random contexts."""

import re
from contextlib import suppress

from flag_engine.engine import get_evaluation_result
from hypothesis import HealthCheck, given, settings

from tests.engine.strategies import contexts, single_conditions
from vexil.engine import evaluate


def reference_result(context: dict) -> dict | None:
    """What the reference engine answers in the contract's terms; None where it raises instead of answering."""
    with suppress(ZeroDivisionError, OverflowError, re.error):
        result = get_evaluation_result(context)
        # Since version 11 it says STATIC for a default without overrides, where the contract says DEFAULT.
        flags = {
            name: {**flag, "reason": "DEFAULT" if flag["reason"] == "STATIC" else flag["reason"]}
            for name, flag in result["flags"].items()
        }
        return {"flags": flags, "segments": list(result["segments"])}
    return None


def assert_answered_as_by_the_reference(context: dict) -> None:
    result = evaluate(context)

    assert result == (reference_result(context) or result)


unhurried = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@settings(unhurried, max_examples=800)
@given(contexts)
def test_random_contexts_are_answered_as_by_the_reference_engine(context: dict) -> None:
    assert_answered_as_by_the_reference(context)


@settings(unhurried, max_examples=3000)
@given(single_conditions)
def test_random_conditions_match_as_in_the_reference_engine(context: dict) -> None:
    assert_answered_as_by_the_reference(context)
