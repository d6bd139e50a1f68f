"""The form of an integration, made of what people set for its kind. Secrets that are kept are never shown again."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms

from vexil.controlplane.dashboard import outside_urls
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.integration_kinds import LABELS, Kind
from vexil.controlplane.integrations.settings_fields import SECRETS, URL_CHARACTERS_MAX, Field, Type


class IntegrationForm(Form):
    """`present` are the settings of an integration that is there already."""

    def __init__(
        self,
        data: Any = None,
        *,
        kind: Kind,
        fields: Sequence[Field],
        present: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data)
        self._fields, self._present = fields, present
        for field in fields:
            shown = {**LABELS[field.name], **kind.labels.get(field.name, {})}
            self.add(field.name, _INPUTS[field.type](field, self._options(field, shown)))
            held = field.default if present is None else present.get(field.name)
            self.initial[field.name] = None if field.is_secret else held

    def settings(self) -> dict[str, Any]:
        """What is to be saved, of a valid form: a secret that was left empty stays."""
        given = self.cleaned_data
        kept = {name for name in SECRETS if self._present is not None and not given.get(name)}
        values = {field.name: given[field.name] for field in self._fields if field.name not in kept}
        optional = {field.name for field in self._fields if field.is_optional}
        return {name: value or None if name in optional else value for name, value in values.items()}

    def rows(self) -> list[tuple[forms.BoundField, bool]]:
        """Each input, and whether it is a switch."""
        return [(self[field.name], field.type is Type.SWITCH) for field in self._fields]

    def _options(self, field: Field, shown: Mapping[str, str]) -> dict[str, Any]:
        is_kept = field.is_secret and bool(self._present and self._present.get(field.name))
        hint = "It is kept secret: leave this empty to keep it." if is_kept else shown.get("hint", "")
        return {"label": shown["label"], "help_text": hint, "required": field.is_required and not is_kept}


def _text(field: Field, options: dict[str, Any]) -> forms.Field:
    own = {"autocomplete": "off", "spellcheck": "false"}
    widget = forms.PasswordInput(attrs={**own, "autocomplete": "new-password"}) if field.is_secret else None
    shortest = field.characters_min or None
    return forms.CharField(
        max_length=field.characters_max, min_length=shortest, widget=widget or forms.TextInput(attrs=own), **options
    )


def _url(_: Field, options: dict[str, Any]) -> forms.Field:
    return _OutsideUrl(max_length=URL_CHARACTERS_MAX, assume_scheme="https", **options)


def _choice(field: Field, options: dict[str, Any]) -> forms.Field:
    return forms.ChoiceField(choices=[(choice, choice.strip("/")) for choice in field.choices], **options)


def _switch(_: Field, options: dict[str, Any]) -> forms.Field:
    return forms.BooleanField(**{**options, "required": False})


class _OutsideUrl(forms.URLField):
    def clean(self, value: Any) -> str:
        url: str = super().clean(value)
        return outside_urls.checked(url) if url else url


_INPUTS: dict[Type, Callable[[Field, dict[str, Any]], forms.Field]] = {
    Type.TEXT: _text,
    Type.URL: _url,
    Type.CHOICE: _choice,
    Type.SWITCH: _switch,
}
