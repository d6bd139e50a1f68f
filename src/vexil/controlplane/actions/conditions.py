"""What a condition of a segment may say; a value that could never match, or always, is refused."""

import math

from vexil.engine.patterns import pattern_error

RULE_TYPES = ("ALL", "ANY", "NONE")
OPERATORS = (
    "EQUAL",
    "GREATER_THAN",
    "LESS_THAN",
    "CONTAINS",
    "GREATER_THAN_INCLUSIVE",
    "LESS_THAN_INCLUSIVE",
    "NOT_CONTAINS",
    "NOT_EQUAL",
    "REGEX",
    "PERCENTAGE_SPLIT",
    "MODULO",
    "IS_SET",
    "IS_NOT_SET",
    "IN",
)
PROPERTY_CHARACTERS_MAX = 1_000


def value_fault(operator: str, value: str) -> str | None:
    """What is wrong with a condition's value; None if nothing is."""
    check = _VALUE_CHECKS.get(operator)
    return check(value) if check else None


def _pattern_fault(value: str) -> str | None:
    fault = pattern_error(value)
    return f"Invalid regular expression: {fault}." if fault else None


def _modulo_fault(value: str) -> str | None:
    numbers = [_number(part) for part in value.split("|")]
    if len(numbers) == 2 and None not in numbers and numbers[0] != 0:
        return None
    return "Must be of the form divisor|remainder."


def _percentage_fault(value: str) -> str | None:
    number = _number(value)
    return None if number is not None and 0 <= number <= 100 else "Must be a number between 0 and 100."


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_VALUE_CHECKS = {"REGEX": _pattern_fault, "MODULO": _modulo_fault, "PERCENTAGE_SPLIT": _percentage_fault}
