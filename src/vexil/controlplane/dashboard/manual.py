"""/docs/: the documentation, open to everybody; it needs neither a session nor the database."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.dashboard import manual_pages, rendering
from vexil.controlplane.dashboard.manual_pages import Link, NoSuchPage
from vexil.controlplane.dashboard.paths import page


def shown(request: HttpRequest, name: str = "") -> HttpResponse:
    try:
        found = manual_pages.page(name)
    except NoSuchPage as missing:
        raise Http404 from missing
    chapters = [
        (chapter.title, [(link.title, _address(link), link.name == name) for link in chapter.links])
        for chapter in manual_pages.chapters()
    ]
    before, after = ((link.title, _address(link)) if link else None for link in manual_pages.around(name))
    values = {"page": found, "chapters": chapters, "before": before, "after": after}
    return rendering.page(request, "manual/page.html", None, values)


def _address(link: Link) -> str:
    return reverse("manual-page", kwargs={"name": link.name}) if link.name else reverse("manual")


# With a final slash, as the addresses in error bodies and those of the site that MkDocs makes.
urlpatterns = [
    page("docs/", shown, "manual", is_public=True),
    page("docs/<slug:name>/", shown, "manual-page", is_public=True),
]
