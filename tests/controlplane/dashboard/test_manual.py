"""/docs/: the pages of docs/, for everybody."""

from urllib.parse import urldefrag

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from vexil.controlplane.dashboard import manual_pages
from vexil.wire import errors

NAMES = [link.name for chapter in manual_pages.chapters() for link in chapter.links]


def test_every_page_is_shown_to_strangers_without_asking_the_database(pages: Pages) -> None:
    with CaptureQueriesContext(connection) as captured:
        shown = {name: pages.get(manual_pages.address(name)).status for name in NAMES}

    assert (shown, len(captured)) == (dict.fromkeys(NAMES, 200), 0)


def test_every_error_names_a_section_that_there_is(pages: Pages) -> None:
    places = {code: urldefrag(errors.example(entry).docs) for code, entry in errors.CATALOGUE.items()}
    shown = {path: pages.get(path) for path in {place.url for place in places.values()}}

    missing = [
        code
        for code, place in places.items()
        if shown[place.url].status != 200 or not shown[place.url].soup.find(id=place.fragment)
    ]

    assert (missing, len(places) > 50) == ([], True)


def test_links_between_pages_lead_to_pages_and_anchors(pages: Pages) -> None:
    read = {manual_pages.address(name): pages.get(manual_pages.address(name)).soup for name in NAMES}
    dead = []
    for address, soup in read.items():
        for link in map(str, (found["href"] for found in soup.select("article a[href]"))):
            target, anchor = urldefrag(link)
            if "://" in link or target.startswith(("/api/", "mailto:")):
                continue
            page = read.get(target or address)
            if page is None or (anchor and not page.find(id=anchor)):
                dead.append(f"{address}: {link}")

    assert dead == []


def test_nothing_on_them_is_against_the_content_security_policy(pages: Pages) -> None:
    styled = [
        name for name in NAMES if pages.get(manual_pages.address(name)).soup.select("[style], style, article script")
    ]

    assert styled == []


def test_the_page_that_is_open_is_marked_and_leads_to_the_next(pages: Pages) -> None:
    page = pages.get("/docs/http-errors/")

    assert page.texts("nav.side [aria-current=page]") == ["HTTP errors"]
    assert page.attributes("a[rel=prev]", "href") == [manual_pages.address(NAMES[NAMES.index("http-errors") - 1])]
    assert page.attributes("a[rel=next]", "href") == [manual_pages.address(NAMES[NAMES.index("http-errors") + 1])]


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/docs/http-errors", (301, "/docs/http-errors/")), ("/docs", (301, "/docs/")), ("/docs/nothing/", (404, ""))],
)
def test_a_missing_slash_is_mended_and_an_unknown_page_is_not_found(
    pages: Pages, path: str, answer: tuple[int, str]
) -> None:
    page = pages.get(path)

    assert (page.status, page.location) == answer


@pytest.mark.parametrize(
    "topic",
    [
        "flags-api",
        "admin-api",
        "concepts",
        "caching",
        "local-evaluation",
        "limits",
        "usage-and-billing",
        "architecture",
        "troubleshooting",
        "monitoring",
        "http-errors",
    ],
)
def test_every_topic_has_its_page(topic: str) -> None:
    assert len(manual_pages.page(topic).html) > 1000
