"""Values in three types, as the columns of a row (`TypedValue`)."""

import re
from typing import TypedDict

from vexil.controlplane.db.models.features import TypedValue, ValueType
from vexil.wire.snapshot import FlagValue

INTEGER_MAX = 2_147_483_647
INTEGER_MIN = -2_147_483_648

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}


class ValueColumns(TypedDict, total=False):
    """Columns to set; those left out keep what they hold."""

    type: str
    integer_value: int | None
    string_value: str | None
    boolean_value: bool | None


def of_text(text: str | None) -> ValueColumns:
    """A feature's initial value, which is always text, in the type that it looks like."""
    if text is None:
        return {}
    if _INTEGER.fullmatch(text) and abs(int(text)) < INTEGER_MAX:
        return {"type": ValueType.INTEGER, "integer_value": int(text)}
    if text in _BOOLEANS:
        return {"type": ValueType.BOOLEAN, "boolean_value": _BOOLEANS[text]}
    return {"type": ValueType.STRING, "string_value": text}


def of_native(value: FlagValue) -> ValueColumns:
    """A value in the type that it has."""
    if isinstance(value, bool):
        return {"type": ValueType.BOOLEAN, "boolean_value": value}
    if isinstance(value, int):
        return {"type": ValueType.INTEGER, "integer_value": value}
    return {"type": ValueType.STRING, "string_value": value}


def columns_of(row: TypedValue) -> ValueColumns:
    return {
        "type": row.type,
        "integer_value": row.integer_value,
        "string_value": row.string_value,
        "boolean_value": row.boolean_value,
    }


def write(row: TypedValue, columns: ValueColumns) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
