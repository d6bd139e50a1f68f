"""Addresses and forms of a feature's panel, for the tests of its tabs."""

from typing import Any

from bs4 import Tag

from tests.controlplane.dashboard.client import Page
from tests.controlplane.scenes import Scene
from vexil.controlplane.db.models import Feature


def panel(scene: Scene, feature: Feature, tab: str = "value") -> str:
    return f"{_list(scene)}?feature={feature.pk}&tab={tab}"


def action(scene: Scene, feature: Feature, rest: str) -> str:
    return f"{_list(scene)}/{feature.pk}/{rest}"


def filled(page: Page, selector: str = ".panel-body form", **changes: Any) -> dict[str, Any]:
    """What a browser would send of the only form that fits, with changes; None leaves a field out."""
    sent: dict[str, Any] = {}
    for field in page.one(selector).select("input[name], textarea[name], select[name]"):
        name, value = str(field["name"]), _value(field)
        if value is not None:
            sent[name] = [*sent[name], value] if name in sent else [value]
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def _value(field: Tag) -> str | None:
    if field.name == "textarea":
        return field.text.removeprefix("\n")
    if field.name == "select":
        chosen = field.select("option[selected]") or field.select("option")
        return str(chosen[0].get("value", "")) if chosen else None
    if field.get("type") in ("checkbox", "radio"):
        return str(field.get("value", "on")) if field.has_attr("checked") else None
    return str(field.get("value", ""))


def _list(scene: Scene) -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features"
