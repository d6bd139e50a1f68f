"""Forms of pages: they check shape and look alike; what actions refuse is shown beside the field that it is about."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.forms.utils import flatatt
from django.forms.widgets import Input
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.users import WeakPassword

T = TypeVar("T")

_CLASSES: dict[type[forms.Widget], str] = {
    forms.Textarea: "textarea",
    forms.Select: "select",
    forms.CheckboxInput: "switch",
    Input: "input",
}


class LongSelect(forms.Select):
    """For hundreds of choices, of each of which Django would render a template. It knows no groups of choices."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 -- Django's signature
        all_attributes = self.build_attrs({**self.attrs, "name": name}, attrs)
        chosen = set(self.format_value(value))
        rows = ((key, " selected" if str(key) in chosen else "", label) for key, label in self.choices)
        options = format_html_join("", '<option value="{}"{}>{}</option>', rows)
        return format_html("<select{}>{}</select>", flatatt(all_attributes), options)


class Form(forms.Form):
    """Give `extra` classes to a widget through its own `class` attribute."""

    required_css_class = ""
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _dress(field.widget)

    def add(self, name: str, field: forms.Field) -> None:
        """A field that only some forms of this class have."""
        self.fields[name] = field
        _dress(field.widget)

    def attempt(self, act: Callable[[], T]) -> T | None:
        """The action's result; None with the reason in the form if it was refused. Call it on a valid form."""
        try:
            return act()
        except Refused as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)
        except WeakPassword as refusal:
            field = refusal.field if refusal.field in self.fields else None
            self.add_error(field, [*refusal.messages])
        return None


def _dress(widget: forms.Widget) -> None:
    for kind, name in _CLASSES.items():
        if isinstance(widget, kind):
            own = widget.attrs.get("class", "")
            widget.attrs["class"] = f"{name} {own}".strip()
            return
