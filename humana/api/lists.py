"""Pages of rows without building an object for each: columns in, shapes out, msgspec's encoder.

Still a DRF view: authentication, permissions, errors and the schema are those of every other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.http import urlencode
from rest_framework.request import Request

from humana.api.pagination import Place, Slice, cut, fetch, neighbours, read_cursor, read_limit, write_cursor
from humana.api.schema import operation
from humana.api.shapes import MergedPage, Page, Shape
from humana.api.views import ApiView
from tenants.context import current_tenant
from tenants.places import gather

Get = Callable[..., HttpResponse]


def _same(get: Get) -> Get:
    """Another function that does the same: each carries its own operation."""

    @wraps(get)
    def listing(view: Any, request: Request, **named: Any) -> HttpResponse:
        return get(view, request, **named)

    return listing


class ListView(ApiView):
    """`columns` of `rows()`, in `order` (whose fields are among the columns), as `shape`s.

    Subclasses say `rows`; they say `shown` where a shape is more than its columns in turn. `listed` is the
    operation's name and what it says; one whose `get` does more declares that itself.
    """

    shape: ClassVar[type[Shape]]
    columns: ClassVar[tuple[str, ...]]
    order: ClassVar[tuple[str, ...]] = ("-id",)
    merged: ClassVar[bool] = False
    listed: ClassVar[tuple[str, str] | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.listed is not None and "get" not in cls.__dict__:
            cls.get = operation(*cls.listed, gives=cls.shape)(_same(cls.get))  # type: ignore[method-assign]

    def rows(self, request: Request, **named: Any) -> QuerySet[Any]:
        raise NotImplementedError

    def shown(self, rows: list[Any]) -> Iterable[Shape]:
        return [self.shape(*row) for row in rows]

    def get(self, request: Request, **named: Any) -> HttpResponse:
        found = self.slice(request, **named)
        return self.page(found)

    def slice(self, request: Request, **named: Any) -> Slice:
        rows = self.rows(request, **named).values_list(*self.columns)
        return cut(rows, self.order, self.place(), self.limit(), self.key)

    def page(self, found: Slice) -> HttpResponse:
        shapes = list(self.shown(found.rows))
        return self.answer(Page(shapes, self.address(found.next), self.address(found.previous)))

    def place(self) -> Place | None:
        text = self.sent.get("cursor")
        return None if text is None else read_cursor(text, self._list)

    def limit(self) -> int:
        return read_limit(self.sent.get("limit"))

    def key(self, row: Any) -> tuple[Any, ...]:
        return tuple(row[self.columns.index(name.lstrip("-"))] for name in self.order)

    def extra_parameters(self, request: Request) -> tuple[str, ...]:
        return ("cursor", "limit") if request.method in ("GET", "HEAD") else ()

    @property
    def sent(self) -> QueryDict:
        return self.request._request.GET

    @property
    def _list(self) -> str:
        """A cursor is good for this address only; its filters may differ."""
        return self.request.path.rstrip("/")

    def address(self, place: Place | None) -> str | None:
        if place is None:
            return None
        query = {**dict(self.sent.lists()), "cursor": [write_cursor(place, self._list)]}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query, doseq=True)}")


class MergedListView(ListView):
    """Rows of every placement of the organization as one list; those that do not answer are named.

    Each of `order` goes the same way, and every database has to agree on it.
    """

    merged = True

    def slice(self, request: Request, **named: Any) -> Slice:
        """The same place in the order holds in every placement, so their pages are one page."""
        if not current_tenant().mixed:
            return super().slice(request, **named)
        place, limit = self.place(), self.limit()

        def read() -> list[Any]:
            rows = self.rows(request, **named).values_list(*self.columns)
            return fetch(rows, self.order, place, limit)

        gathered = gather(read)
        turned = self.order[0].startswith("-") != (place is not None and place.backwards)
        found = sorted(gathered.found, key=self.key, reverse=turned)
        return replace(neighbours(found[: limit + 1], place, limit, self.key), silent=gathered.silent)

    def page(self, found: Slice) -> HttpResponse:
        shapes = list(self.shown(found.rows))
        silent = [one.placement.id for one in found.silent]
        return self.answer(MergedPage(shapes, self.address(found.next), self.address(found.previous), silent))
