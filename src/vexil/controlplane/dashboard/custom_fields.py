"""Custom fields inside the forms of features, segments and environments."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.validators import URLValidator

from vexil.controlplane.actions.metadata import Value
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.db.models.metadata import FieldType
from vexil.controlplane.queries.custom_fields import CustomField

_PREFIX = "custom-"
_BOOLEANS = [("", "–"), ("true", "true"), ("false", "false")]


def add_to(form: Form, fields: Iterable[CustomField], present: Mapping[int, str] | None = None) -> None:
    """Give a form an input per custom field; `present` holds texts by the id of the model field."""
    for each in fields:
        name, field = f"{_PREFIX}{each.model_field.pk}", _field(each)
        form.add(name, field)
        form.initial[name] = (present or {}).get(each.model_field.pk, "")


def values(form: Form, fields: Iterable[CustomField]) -> list[Value]:
    """What was filled in, of a valid form."""
    texts = [(each.model_field, str(form.cleaned_data[f"{_PREFIX}{each.model_field.pk}"])) for each in fields]
    return [Value(model_field, text) for model_field, text in texts if text]


def bound(form: Form) -> list[forms.BoundField]:
    return [form[name] for name in form.fields if name.startswith(_PREFIX)]


def _field(custom: CustomField) -> forms.Field:
    field = custom.model_field.field
    shared: Any = {"label": field.name, "required": custom.is_required, "help_text": field.description or ""}
    if field.type == FieldType.INTEGER:
        return forms.RegexField(r"^-?[0-9]+$", error_messages={"invalid": "A whole number is wanted."}, **shared)
    if field.type == FieldType.BOOLEAN:
        return forms.ChoiceField(choices=_BOOLEANS, **shared)
    if field.type == FieldType.URL:
        return forms.CharField(max_length=2000, validators=[URLValidator()], **shared)
    if field.type == FieldType.MULTILINE:
        return forms.CharField(max_length=2000, widget=forms.Textarea, **shared)
    return forms.CharField(max_length=2000, **shared)
