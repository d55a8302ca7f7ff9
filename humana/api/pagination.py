"""Where a page begins: at a place in the order, never at a number of rows.

A cursor is the place itself, signed for one list of one organization. Whatever else is sent as a
cursor is refused; rows that come or go between two pages shift nothing.
"""

from __future__ import annotations

import base64
import binascii
import functools
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from humana.kernel.crypto import associated, derived_key, same, sign
from humana.kernel.errors import Invalid
from tenants.context import TenantContext, peek_tenant

MOST, USUAL = 100, 20


class Place(msgspec.Struct, frozen=True, array_like=True):
    """After (or, backwards, before) the row whose values in the order are `key`."""

    backwards: bool
    key: list[Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, and the places where its neighbours begin."""

    rows: list[Any]
    next: Place | None
    previous: Place | None
    silent: list[TenantContext] = field(default_factory=list)


def cut(rows: QuerySet[Any], order: tuple[str, ...], place: Place | None, limit: int, key: Any) -> Slice:
    """One page of `rows`, which come as tuples. `key(row)` gives a row's values in the order."""
    return neighbours(fetch(rows, order, place, limit), place, limit, key)


def fetch(rows: QuerySet[Any], order: tuple[str, ...], place: Place | None, limit: int) -> list[Any]:
    """The first `limit` + 1 of `rows` from the place on, in reading direction."""
    backwards = place is not None and place.backwards
    by = tuple(_turned(name) for name in order) if backwards else order
    if place is not None:
        rows = rows.filter(_beyond(by, place.key))
    return list(rows.order_by(*by)[: limit + 1])


def beyond(rows: list[Any], key: Any, place: Place | None) -> list[Any]:
    """Of all rows in their order: those from the place on, in reading direction."""
    if place is None:
        return rows
    here = tuple(place.key)
    if place.backwards:
        return [row for row in reversed(rows) if key(row) < here]
    return [row for row in rows if key(row) > here]


def neighbours(found: list[Any], place: Place | None, limit: int, key: Any) -> Slice:
    """Of up to `limit` + 1 rows in reading direction: the page, and whether there is more each way."""
    backwards, more = place is not None and place.backwards, len(found) > limit
    page = found[:limit]
    if backwards:
        page.reverse()
    after = page and (more if not backwards else True)
    before = page and (place is not None if not backwards else more)
    return Slice(
        page,
        next=Place(False, list(key(page[-1]))) if after else None,
        previous=Place(True, list(key(page[0]))) if before else None,
    )


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: tuple[str, ...], key: list[Any]) -> Q:
    """Rows after `key`: greater in the first place, or equal there and greater in the next."""
    (name, value), rest = (order[0], key[0]), order[1:]
    plain, way = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
    here = Q(**{f"{plain}__{way}": value})
    if not rest:
        return here
    # The first condition says nothing new; it lets the index start at the place.
    return Q(**{f"{plain}__{way}e": value}) & (here | (Q(**{plain: value}) & _beyond(rest, key[1:])))


def write_cursor(place: Place, of: str) -> str:
    packed = msgspec.msgpack.encode(place)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=") + "." + _mark(packed, of)


def read_cursor(text: str, of: str) -> Place:
    """The place a cursor names; Invalid for anything we did not write for this very list."""
    body, _dot, mark = text.partition(".")
    try:
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) if len(text) <= 1000 else b""
        if not same(mark, _mark(packed, of)):
            raise ValueError(text)
        return msgspec.msgpack.decode(packed, type=Place)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        message = _("This cursor does not belong to this list. Start again without it.")
        raise Invalid(message, field="cursor", code="bad_cursor") from None


def read_limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        message = _("Send a number from 1 to %(most)d.") % {"most": MOST}
        raise Invalid(message, field="limit", code="bad_parameter")
    return int(text)


def _mark(packed: bytes, of: str) -> str:
    here = peek_tenant()
    space = here.organization_id.hex if here else ""
    return sign(associated("cursor", space, of, packed.hex()), key=_key())[:24]


@functools.cache
def _key() -> bytes:
    return derived_key("cursor")
