"""Tags that every template has: addresses of files that change with their content, icons, and dates."""

import hashlib
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from vexil.controlplane.dashboard.value_formats import FORMATS

register = template.Library()

_ICONS = Path(__file__).with_name("templates") / "icons"
_STYLES = Path(__file__).with_name("static") / "vexil" / "css"
_SCRIPTS = Path(__file__).with_name("static") / "vexil" / "js"
_FIRST = ("tokens", "base", "layout", "components")


@register.simple_tag
def asset(path: str) -> str:
    """Where browsers find a static file; they may keep it for good, since another content is another address."""
    return f"{settings.STATIC_URL}{path}?v={_fingerprint(path)}"


@cache
def _fingerprint(path: str) -> str:
    found = finders.find(path)
    assert isinstance(found, str), f"no static file {path}"
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]


@register.simple_tag
@cache
def stylesheets() -> tuple[str, ...]:
    """The design system first, then the sheets of single pages."""
    names = sorted(path.stem for path in _STYLES.glob("*.css"))
    ordered = [*_FIRST, *(name for name in names if name not in _FIRST)]
    return tuple(asset(f"vexil/css/{name}.css") for name in ordered)


@register.simple_tag
@cache
def scripts() -> tuple[str, ...]:
    """All of ours, on every page: htmx swaps bodies, so what a head names first is all that there will be."""
    return tuple(asset(f"vexil/js/{path.name}") for path in sorted(_SCRIPTS.glob("*.js")))


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of Lucide's, drawn in the colour of the text beside it; screen readers do not see it."""
    return mark_safe(_icon(str.__str__(name)))  # noqa: S308 -- our own files


@cache
def _icon(name: str) -> str:
    return (_ICONS / f"{name}.svg").read_text(encoding="utf-8")


@register.simple_tag
def value_formats() -> tuple[tuple[str, str], ...]:
    """The formats that the editors of values offer."""
    return FORMATS


@register.simple_tag
def value_format_options(chosen: str) -> SafeString:
    """The same as options of a select; a page has a hundred of these."""
    return _format_options(chosen if chosen in dict(FORMATS) else "")


@cache
def _format_options(chosen: str) -> SafeString:
    rows = ((key, " selected" if key == chosen else "", label) for key, label in FORMATS)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)
