"""/design: every colour and component on one page, so that pages are built of the same parts."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.pages import Page
from vexil.controlplane.dashboard.paths import page

_COLOURS = ("page", "surface", "sunken", "line", "text", "muted", "accent", "accent-soft", "good", "warn", "bad", "off")


class Example(Form):
    name = forms.CharField(help_text="Letters, digits, _ and -.")
    kind = forms.ChoiceField(choices=[("text", "Text"), ("json", "JSON")])
    notes = forms.CharField(widget=forms.Textarea, required=False)
    is_on = forms.BooleanField(label="Enabled by default", required=False, help_text="In every environment.")


def shown(request: HttpRequest) -> HttpResponse:
    example: Page[Any] = Page(
        rows=[], number=2, total=3, count=120, first=51, last=100, previous_url="?page=1", next_url="?page=3"
    )
    tabs = [("Value", "#", True), ("Segment overrides", "#", False), ("History", "#", False)]
    forms_shown = {"form": Example(initial={"name": "banner"}), "bad_form": Example({"name": ""})}
    return rendering.page(
        request, "design/design.html", None, {"colours": _COLOURS, "example": example, "tabs": tabs, **forms_shown}
    )


urlpatterns = [page("design", shown, "design")]
