"""What is wrong with a value, told while it is being typed. Nothing is read or written."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane.dashboard import rendering, value_formats
from vexil.controlplane.dashboard.paths import page


def check(request: HttpRequest) -> HttpResponse:
    """`field` names the input that holds the value; the input of its format is called `<field>_format`."""
    name = request.POST.get("field", "value")
    text, chosen = request.POST.get(name, ""), request.POST.get(f"{name}_format", value_formats.PLAIN)
    problem = value_formats.problem(text, chosen)
    label = dict(value_formats.FORMATS).get(chosen, "")
    said = f"This is {label}." if chosen != value_formats.PLAIN and text.strip() else ""
    values = {"problem": problem, "problems": [problem], "said": said}
    return rendering.fragment(request, "features/value_check.html", None, values)


urlpatterns: list[URLPattern] = [page("features/check", check, "features-check", methods="POST")]
