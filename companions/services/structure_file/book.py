"""What names stand for while a file is read: of the organization as it is, and of the file itself."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from companions.models import Companion
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Position, Team

#: What stands for something that is gone for good. It names nothing, so it can only stay where it is.
GONE = "(gone)"


def spelling(name: str) -> str:
    """One spelling of what reads the same, as names are kept."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def key_of(name: str) -> str:
    """Names that differ in capitals only are one."""
    return spelling(name).casefold()


@dataclass
class Names:
    """Names of one kind by their key, what each is under, and the ids of those there are."""

    spelled: dict[str, str] = field(default_factory=dict)
    under: dict[str, str | None] = field(default_factory=dict)
    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    by_id: dict[uuid.UUID, str] = field(default_factory=dict)

    def add(self, name: str, row_id: uuid.UUID | None = None, under: str | None = None) -> None:
        key = key_of(name)
        self.spelled[key], self.under[key] = spelling(name), key_of(under) if under else None
        if row_id is not None:
            self.ids[key], self.by_id[row_id] = row_id, key

    def named(self, row_id: object) -> str:
        """The name of a row by its id, as the file spells it."""
        try:
            return self.spelled.get(self.by_id.get(uuid.UUID(str(row_id)), ""), GONE)
        except ValueError:
            return GONE

    def find(self, text: str) -> str | None:
        """What somebody wrote as it is spelled: a name, or the way to it from above, “Clinic/Billing”."""
        if key_of(text) in self.spelled:
            return self.spelled[key_of(text)]
        last = key_of(text).rpartition("/")[2].strip()
        way = [part.strip() for part in key_of(text).split("/")]
        return self.spelled[last] if last in self.spelled and self._way(last) == way else None

    def id_of(self, name: str | None) -> uuid.UUID | None:
        """NotFound for what is gone, or was not written."""
        if name is None:
            return None
        if key_of(name) not in self.ids:
            raise NotFound(_("There is nothing here."))
        return self.ids[key_of(name)]

    def above(self, name: str) -> Iterator[str]:
        """Itself and all that it is under, the nearest first; a circle ends where it began."""
        seen: list[str] = []
        at: str | None = key_of(name)
        while at is not None and at not in seen:
            seen.append(at)
            yield at
            at = self.under.get(at)

    def circle(self, name: str) -> list[str]:
        """The names on the way round, where it is under itself; empty otherwise."""
        way = list(self.above(name))
        if self.under.get(way[-1]) != way[0]:
            return []
        return [self.spelled.get(one, one) for one in (*way, way[0])]

    def _way(self, key: str) -> list[str]:
        return list(self.above(key))[::-1]


@dataclass
class Book:
    """`removed` are the companions that were removed, `coming` those that the file names, which come back.
    `levels` are those of positions, by their keys.
    """

    teams: Names = field(default_factory=Names)
    positions: Names = field(default_factory=Names)
    companions: Names = field(default_factory=Names)
    removed: frozenset[str] = frozenset()
    coming: set[str] = field(default_factory=set)
    levels: dict[str, int] = field(default_factory=dict)
    #: Names of other nouns, by the section that keeps them.
    more: dict[str, Names] = field(default_factory=dict)

    def has_companion(self, slug: str) -> bool:
        """Whether it will be there, so that something can be said of it."""
        return slug in self.companions.spelled and (slug not in self.removed or slug in self.coming)

    @classmethod
    def now(cls) -> Book:
        """In the main placement."""
        here, book = current_tenant().organization_id, cls()
        teams = Team.objects.filter(organization_id=here).values_list("id", "name", "parent_id")
        positions = Position.objects.filter(organization_id=here)
        _fill(book.teams, teams)
        _fill(book.positions, positions.values_list("id", "title", "reports_to_id"))
        book.levels = {key_of(title): level for title, level in positions.values_list("title", "level")}
        rows = Companion.everything.values_list("id", "slug", "removed_at")
        for row_id, slug, _removed in rows:
            book.companions.add(slug, row_id)
        book.removed = frozenset(slug for _id, slug, removed in rows if removed is not None)
        return book


def _fill(names: Names, rows: Iterable[tuple[uuid.UUID, str, uuid.UUID | None]]) -> None:
    found = list(rows)
    called = {row_id: name for row_id, name, _above in found}
    for row_id, name, above in found:
        names.add(name, row_id, called.get(above) if above else None)
