"""Parts of long lists, and links that keep the rest of a query."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`number` counts from 1; `first` and `last` are the places of its rows in the whole list."""

    rows: list[T]
    number: int
    total: int
    count: int
    first: int
    last: int
    previous_url: str
    next_url: str

    @property
    def is_one_of_several(self) -> bool:
        return self.total > 1


def paged(request: HttpRequest, rows: "QuerySet[M]", size: int = 50, *, count: int | None = None) -> Page[M]:
    """The page that the query's `page` names; the nearest one if there is none such.

    Two statements, or one where the caller has counted the rows already.
    """
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.__dict__["count"] = count  # a cached property
    return _page(request, paginator)


def paged_list(request: HttpRequest, rows: list[T], size: int = 50) -> Page[T]:
    """The same of what is in memory already."""
    return _page(request, Paginator(rows, size))


def _page(request: HttpRequest, paginator: Any) -> Page[Any]:
    part = paginator.get_page(request.GET.get("page"))
    return Page(
        rows=list(part.object_list),
        number=part.number,
        total=part.paginator.num_pages,
        count=part.paginator.count,
        first=part.start_index(),
        last=part.end_index(),
        previous_url=with_query(request, page=part.previous_page_number()) if part.has_previous() else "",
        next_url=with_query(request, page=part.next_page_number()) if part.has_next() else "",
    )


def with_query(request: HttpRequest, **changes: Any) -> str:
    """This page's address with parts of its query changed; None drops a part."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    text = query.urlencode()
    return f"{request.path}?{text}" if text else request.path
