"""Forms of pages: they check shape and look alike; what actions refuse is shown beside the field that it is about."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.forms.widgets import Input

from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.users import WeakPassword

T = TypeVar("T")

_CLASSES: dict[type[forms.Widget], str] = {
    forms.Textarea: "textarea",
    forms.Select: "select",
    forms.CheckboxInput: "switch",
    Input: "input",
}


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
