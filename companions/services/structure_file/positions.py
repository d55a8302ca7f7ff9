"""Positions, those above before those that report to them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from companions.services.structure_file import fields
from companions.services.structure_file.book import Book, key_of
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.section import Kept, Order, Said, Section
from companions.services.structure_file.teams import check_above, note_name, way
from humana.kernel.text import clean_line
from tenants.context import current_tenant
from tenants.models import Position
from tenants.permissions import STRUCTURE
from tenants.services.positions import LOWEST, create_position, edit_position, remove_position
from tenants.services.structuring import version_of


class Positions(Section):
    name, called, permission = "positions", "title", STRUCTURE
    fields = {"title": fields.text, "reports_to": fields.name, "level": fields.whole}
    defaults = {"reports_to": None, "level": None}

    @property
    def title(self) -> str:
        return _("Positions")

    def now(self, book: Book) -> list[Kept]:
        rows = Position.objects.filter(organization_id=current_tenant().organization_id)
        kept = [Kept(_said(one, book), one) for one in rows]
        return sorted(kept, key=lambda one: way(book.positions, one.said["title"]))

    def key(self, said: Said) -> Hashable:
        return key_of(str(said.get("title", "")))

    def note(self, said: Said, book: Book) -> None:
        note_name(book.positions, said, "title", "reports_to")
        if said.get("level") is not None:
            book.levels[key_of(said.get("title", ""))] = said["level"]

    def clean(self, said: Said, book: Book) -> Said:
        above = said["reports_to"] and (book.positions.find(said["reports_to"]) or said["reports_to"])
        level = said["level"]
        if level is None:  # of a new one: the one below what it reports to
            level = book.levels[key_of(said.get("title", ""))] = _usual_level(book, said.get("title", ""))
        if not 0 <= level <= LOWEST:
            message = _("A level is a number from 0, the top, to %(lowest)d.")
            raise Wrong("level", message % {"lowest": LOWEST})
        title = clean_line(said.get("title"), field="title", limit=80)
        return {"title": title, "reports_to": above, "level": level}

    def check(self, said: Said, before: Said, book: Book) -> None:
        check_above(book.positions, said, "reports_to", "position")
        key = key_of(said["title"])
        chief = book.positions.under.get(key)
        pairs = [(chief, key)] if chief else []
        pairs += [(key, below) for below, above in book.positions.under.items() if above == key]
        for upper, lower in pairs:
            _stands_below(book, upper, lower)

    def in_turn(self, items: Sequence[Any], book: Book) -> Sequence[Any]:
        return sorted(items, key=lambda one: way(book.positions, one.said["title"]))

    def before(self, items: Sequence[Any], order: Order) -> None:
        """Several that change their levels would be in each other's way: each lets go of what it is under."""
        moved = [one for one in items if one.before is not None and _moves(one.said, one.before)]
        for one in moved if len(moved) > 1 else ():
            if one.row.reports_to_id is not None:
                one.row = edit_position(member=order.member, position=one.row, reports_to_id=None)

    def add(self, said: Said, order: Order) -> Position:
        row = create_position(member=order.member, **_fields(said, order.book))
        order.book.positions.add(row.title, row.id, said["reports_to"])
        return row

    def change(self, row: Position, said: Said, before: Said, order: Order) -> Position:
        told: Any = _fields(said, order.book)
        return edit_position(member=order.member, position=row, version=version_of(row), **told)

    def remove(self, kept: Kept, order: Order) -> None:
        remove_position(member=order.member, position=kept.row)

    def going(self, kept: Sequence[Kept], book: Book) -> Sequence[Kept]:
        return sorted(kept, key=lambda one: way(book.positions, one.said["title"]), reverse=True)


def _usual_level(book: Book, title: str) -> int:
    """So many below the nearest above it whose level is said; the top is 0."""
    steps = -1
    for steps, key in enumerate(book.positions.above(title)):
        if key in book.levels:
            return book.levels[key] + steps
    return steps


def _stands_below(book: Book, upper: str, lower: str) -> None:
    least = book.levels.get(upper, -1) + 1
    if upper in book.levels and lower in book.levels and book.levels[lower] < least:
        names = book.positions.spelled
        message = _("“%(lower)s” reports to “%(upper)s”, so its level is %(least)d or more.")
        raise Wrong("level", message % {"lower": names[lower], "upper": names[upper], "least": least})


def _moves(said: Said, before: Said) -> bool:
    return (said["level"], said["reports_to"]) != (before["level"], before["reports_to"])


def _said(row: Position, book: Book) -> Said:
    above = book.positions.named(row.reports_to_id) if row.reports_to_id else None
    return {"title": row.title, "reports_to": above, "level": row.level}


def _fields(said: Said, book: Book) -> dict[str, Any]:
    above = book.positions.id_of(said["reports_to"])
    return {"title": said["title"], "reports_to_id": above, "level": said["level"]}
