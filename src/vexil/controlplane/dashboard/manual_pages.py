"""The pages of docs/ as HTML, in the order of mkdocs.yml: one source for the server and for the site.

The library is MkDocs' own, so that anchors are the same in both. An installed Vexil has a copy of the pages beside this
file (setup.py puts it there); a checkout reads docs/ itself.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.safestring import SafeString, mark_safe
from markdown import Markdown
from markdown.extensions.toc import TocExtension

_COPY = Path(__file__).with_name("manual")
_SOURCE = Path(__file__).resolve().parents[4]
_FOLDER = _COPY if _COPY.is_dir() else _SOURCE
START = "index"

_LINK = re.compile(r'(<a [^>]*?href=")([\w./-]+?)\.md(#[\w-]*)?"')
_PRE = re.compile(r"<pre>")
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)


class NoSuchPage(Exception):
    """No page has this name."""


@dataclass(frozen=True, slots=True)
class Link:
    """`name` is part of the page's address, and empty for the first page."""

    title: str
    name: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Pages that stand together; those at the top have no title."""

    title: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class ManualPage:
    title: str
    html: SafeString
    headings: tuple[Heading, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """What mkdocs.yml lists under `nav`."""
    entries = yaml.safe_load((_FOLDER / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    found: list[Chapter] = []
    for title, below in (pair for entry in entries for pair in entry.items()):
        if isinstance(below, list):
            found.append(Chapter(title, tuple(_link(*pair) for entry in below for pair in entry.items())))
        elif found and not found[-1].title:
            found[-1] = Chapter("", (*found[-1].links, _link(title, below)))
        else:
            found.append(Chapter("", (_link(title, below),)))
    return tuple(found)


def page(name: str) -> ManualPage:
    """A page by the name in its address; raises `NoSuchPage`. Made anew when its file has changed."""
    links = [link for chapter in chapters() for link in chapter.links]
    if name not in {link.name for link in links}:
        raise NoSuchPage(name)
    return _made((_FOLDER / "docs" / f"{name or START}.md").read_text(encoding="utf-8"))


def around(name: str) -> tuple[Link | None, Link | None]:
    """The pages before and after this one."""
    links = [link for chapter in chapters() for link in chapter.links]
    place = [link.name for link in links].index(name)
    return links[place - 1] if place else None, links[place + 1] if place + 1 < len(links) else None


def _link(title: str, file: str) -> Link:
    name = file.removesuffix(".md")
    return Link(title, "" if name == START else name)


@lru_cache(maxsize=64)
def _made(text: str) -> ManualPage:
    writer = Markdown(extensions=["tables", "fenced_code", "admonition", TocExtension(permalink="#")])
    html = writer.convert(text)
    [top, *_] = writer.toc_tokens  # type: ignore[attr-defined]  # the extension adds it
    headings = tuple(Heading(_text(entry), entry["id"]) for entry in top["children"])
    return ManualPage(_text(top), mark_safe(_adapted(html)), headings)  # noqa: S308 -- our own text


def _text(entry: dict[str, Any]) -> str:
    return str(entry["name"])


def _adapted(html: str) -> str:
    """Links between files become links between addresses; what is wide can be scrolled, with the keyboard, too."""
    html = _LINK.sub(lambda found: f'{found[1]}{address(found[2])}{found[3] or ""}"', html)
    html = _PRE.sub('<pre tabindex="0">', html)
    return _TABLE.sub(r'<div class="manual-table" tabindex="0"><table>\1</table></div>', html)


def address(name: str) -> str:
    return "/docs/" if name in {"", START} else f"/docs/{name}/"
