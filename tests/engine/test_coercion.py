from decimal import Decimal

import pytest

from vexil.engine.coercion import coerce, text_of


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("007", 7),
        ("-12", -12),
        ("1.50", 1.5),
        ("-0.0", -0.0),
        ("", ""),
        (" 5 ", " 5 "),
        ("+5", "+5"),
        ("1_0", "1_0"),
        ("1e3", "1e3"),
        ("1.", "1."),
        (".5", ".5"),
        ("1.2.3", "1.2.3"),
        ("5\n", "5\n"),
        ("٣", "٣"),
        ("true", "true"),
        ("nan", "nan"),
        (Decimal(5), 5),
        (Decimal("5.0"), 5.0),
        (Decimal("1E+2"), 100.0),
        (["a"], "['a']"),
        ({"a": 1}, "{'a': 1}"),
    ],
)
def test_value_is_coerced_before_any_operator_sees_it(found: object, expected: object) -> None:
    coerced = coerce(found)

    assert (coerced, type(coerced)) == (expected, type(expected))


def test_more_digits_than_python_converts_stay_a_text() -> None:
    assert coerce("9" * 5000) == "9" * 5000
    assert coerce("9" * 5000 + ".5") == float("inf")


def test_values_are_written_as_python_writes_them() -> None:
    assert [text_of(value) for value in ("a", True, 5, 1.0, None, 10**5000)] == ["a", "True", "5", "1.0", None, None]
