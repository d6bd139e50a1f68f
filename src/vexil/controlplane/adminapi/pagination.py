"""The two kinds of paginated lists (admin-api.md §0.3); plain lists have none."""

from rest_framework.pagination import PageNumberPagination

PAGE_SIZE = 999


class Pages(PageNumberPagination):
    """`page` chooses one; the size is fixed. "P" in the contract."""

    page_size = PAGE_SIZE
    last_page_strings = ()


class SizedPages(Pages):
    """`page_size` makes pages smaller; what is no size is ignored. "P+" in the contract."""

    page_size_query_param = "page_size"
    max_page_size = PAGE_SIZE
