"""Every write of the dashboard leaves one event, sent as a browser sends the form that is on the page."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import Tag
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import resolve

from tests.controlplane.dashboard.client import Page, Pages
from tests.controlplane.dashboard.everything import ROUTES, Everything, make_everything
from tests.controlplane.dashboard.page_writes import NOT_WRITES, WRITES, PageWrite
from tests.controlplane.scenes import Scene
from vexil.controlplane.actions import feature_states, identities
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Event, FeatureState
from vexil.controlplane.db.models.webhooks import DeliveryStatus, WebhookDelivery
from vexil.controlplane.permissions import Actor


def test_every_write_leaves_one_event(scene: Scene, database: str) -> None:
    if database != "sqlite":
        pytest.skip("the pages and their forms are the same")
    everything = make_everything(scene)
    WebhookDelivery.objects.update(status=DeliveryStatus.FAILED)
    _give_kim_an_override_and_a_trait(everything)

    wrong = {name: fault for name, write in WRITES.items() if (fault := _fault(everything, name, write))}

    assert wrong == {}, "\n".join(f"{name}: {fault}" for name, fault in wrong.items())


def test_no_route_that_writes_is_forgotten(scene: Scene) -> None:
    everything, browser = make_everything(scene), Client(headers={"Host": "localhost"})
    browser.force_login(scene.admin)

    taking = {name for name in ROUTES if "POST" in browser.options(everything.address(name)).headers["Allow"]}

    told = {*WRITES, *NOT_WRITES}
    assert (taking - told, told - taking) == (set(), set())


def _give_kim_an_override_and_a_trait(everything: Everything) -> None:
    by, environment = Actor(user=everything.scene.admin), everything.scene.environment
    own = FeatureState.objects.filter(pk=everything.parts["state_id"])
    own.update(identity_identifier="kim")
    feature_states.update(own.get(), Change(value=of_native("theirs")), by=by)
    kim = stores.current().identities.find(environment.pk, "kim")
    assert kim is not None
    identities.set_traits(environment, kim, {"plan": "free"}, by=by)


def _fault(everything: Everything, name: str, write: PageWrite) -> str:
    """What is wrong with one write, in words; afterwards everything is as it was."""
    with transaction.atomic():
        try:
            return _sent(everything, name, write)
        finally:
            transaction.set_rollback(True)


def _sent(everything: Everything, name: str, write: PageWrite) -> str:
    pages = Pages() if name == "signup" else Pages(everything.scene.admin)
    page = pages.get(everything.addresses()[write.on or name])
    found = _form(page, everything.address(name), is_own=not write.on)
    if found is None:
        return f"no form for it; there are those for {page.attributes('form', 'action')}"
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    typed = {key: _typed(everything, value) for key, value in write.form.items()}
    url, form = found
    answer = pages.post(url, {**_held(form), **typed})
    if answer.status not in {200, 204, 302}:
        return f"{answer.status}: {answer.texts('.error') or answer.text[:300]}"
    made = list(Event.objects.filter(pk__gt=last).values_list("kind", flat=True))
    return "" if len(made) == write.events else f"{answer.status} to {answer.location}, {len(made)} events: {made}"


def _typed(everything: Everything, value: Any) -> Any:
    if value == "[]":
        return SimpleUploadedFile("flags.json", b"[]")
    return everything.parts[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def _form(page: Page, address: str, *, is_own: bool) -> tuple[str, Tag] | None:
    """Where it goes, and the form: that of the very address, else of the same route.

    Those without an address go to that of their page; some buttons send their form elsewhere.
    """
    forms = page.soup.select("form[method=post]")
    if is_own:
        return next(((address, form) for form in forms if form.get("action", "") in {"", address}), None)
    sent = {str(form["action"]): form for form in forms if form.get("action")}
    sent |= {str(button["formaction"]): button.find_parent("form") for button in page.soup.select("button[formaction]")}
    wanted = resolve(address).url_name
    fitting = [(url, form) for url, form in sent.items() if resolve(urlsplit(url).path).url_name == wanted]
    return min(fitting, key=lambda found: not found[0].startswith(address), default=None)


def _held(form: Tag) -> dict[str, Any]:
    """What a browser sends when somebody presses Enter in a field: the first button counts."""
    found: dict[str, list[str]] = {}
    for element in form.select("input[name], textarea[name], select[name]"):
        if not element.has_attr("disabled"):
            found.setdefault(str(element["name"]), []).extend(_values(element))
    first = form.select_one('button:not([type="button"])')
    if first is not None and first.get("name"):
        found[str(first["name"])] = [str(first.get("value", ""))]
    if word := form.get("data-confirm-word"):
        found["confirm_name"] = [str(word)]
    return found


def _values(element: Tag) -> list[str]:
    if element.name == "textarea":
        return [element.get_text().removeprefix("\n")]
    if element.name == "select":
        options = element.select("option[selected]") or element.select("option")[:1]
        return [str(option.get("value", option.get_text())) for option in options]
    if element.get("type") in {"checkbox", "radio"}:
        return [str(element.get("value", "on"))] if element.has_attr("checked") else []
    return [] if element.get("type") in {"file", "submit"} else [str(element.get("value", ""))]
