"""Teams, those above before those that are part of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from companions.services.structure_file import fields
from companions.services.structure_file.book import Book, Names, key_of, spelling
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.section import Kept, Order, Said, Section, unknown
from humana.kernel.text import clean_line
from tenants.context import current_tenant
from tenants.models import Team
from tenants.permissions import STRUCTURE
from tenants.services.structuring import version_of
from tenants.services.teams import create_team, edit_team, remove_team


class Teams(Section):
    name, permission = "teams", STRUCTURE
    fields = {"name": fields.text, "part_of": fields.name, "department": fields.yes_no}
    defaults = {"part_of": None, "department": False}

    @property
    def title(self) -> str:
        return _("Teams")

    def now(self, book: Book) -> list[Kept]:
        rows = Team.objects.filter(organization_id=current_tenant().organization_id)
        kept = [Kept(_said(one, book), one) for one in rows]
        return sorted(kept, key=lambda one: way(book.teams, one.said["name"]))

    def key(self, said: Said) -> Hashable:
        return key_of(str(said.get("name", "")))

    def note(self, said: Said, book: Book) -> None:
        note_name(book.teams, said, "name", "part_of")

    def clean(self, said: Said, book: Book) -> Said:
        above = said["part_of"] and (book.teams.find(said["part_of"]) or said["part_of"])
        return said | {"name": clean_line(said.get("name"), field="name", limit=80), "part_of": above}

    def check(self, said: Said, before: Said, book: Book) -> None:
        check_above(book.teams, said, "part_of", "team")

    def in_turn(self, items: Sequence[Any], book: Book) -> Sequence[Any]:
        return sorted(items, key=lambda one: way(book.teams, one.said["name"]))

    def add(self, said: Said, order: Order) -> Team:
        row = create_team(member=order.member, **_fields(said, order.book))
        order.book.teams.add(row.name, row.id, said["part_of"])
        return row

    def change(self, row: Team, said: Said, before: Said, order: Order) -> Team:
        told: Any = _fields(said, order.book)
        return edit_team(member=order.member, team=row, version=version_of(row), **told)

    def remove(self, kept: Kept, order: Order) -> None:
        remove_team(member=order.member, team=kept.row)

    def going(self, kept: Sequence[Kept], book: Book) -> Sequence[Kept]:
        return sorted(kept, key=lambda one: way(book.teams, one.said["name"]), reverse=True)


def way(names: Names, name: str) -> list[str]:
    """From the top down to it: what sorts those above before those below."""
    return list(names.above(name))[::-1]


def note_name(names: Names, said: Said, called: str, field: str) -> None:
    """The file's spelling and place of it go before what is there."""
    key = key_of(said.get(called, ""))
    names.spelled[key] = spelling(said.get(called, ""))
    above = said.get(field)
    if field in said or key not in names.under:
        names.under[key] = key_of(names.find(above) or above) if above else None


def check_above(names: Names, said: Said, field: str, kind: str) -> None:
    """What it is under is there, and it is not under itself."""
    if said[field] is not None and key_of(said[field]) not in names.spelled:
        raise unknown(field, kind, said[field])
    called = said.get("name") or said.get("title") or ""
    round_ = names.circle(called)
    if round_:
        raise Wrong(field, _("This would go round in a circle: %(names)s.") % {"names": " › ".join(round_)})


def _said(row: Team, book: Book) -> Said:
    above = book.teams.named(row.parent_id) if row.parent_id else None
    return {"name": row.name, "part_of": above, "department": row.is_department}


def _fields(said: Said, book: Book) -> dict[str, Any]:
    above = book.teams.id_of(said["part_of"])
    return {"name": said["name"], "parent_id": above, "is_department": said["department"]}
