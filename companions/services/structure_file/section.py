"""What every noun of the file has in common: how it is told, read, compared and brought about."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from companions.services.structure_file.book import Book
from companions.services.structure_file.fields import Field, Wrong
from tenants.models import Membership
from tenants.permissions import Permission

#: One item as the file tells it, every field of it in its order.
Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """An item as it is: what the file would say of it, and its row."""

    said: Said
    row: Any


@dataclass
class Order:
    """What is to become of a noun: new items, changed ones with their rows, and the file's order of all."""

    member: Membership | None
    book: Book
    names: list[Hashable] = field(default_factory=list)


class Section:
    """One noun. `fields` say how each field is read; `defaults` what a new item has that says less.

    A section that is `single` is one mapping instead of a list. Where it is `ordered`, the order in the
    file is the order of the items.
    """

    name: ClassVar[str]
    permission: ClassVar[Permission]
    fields: ClassVar[Mapping[str, Field]]
    defaults: ClassVar[Mapping[str, Any]] = {}
    single: ClassVar[bool] = False
    ordered: ClassVar[bool] = False
    #: Whether no two items can have the same key.
    unique: ClassVar[bool] = True
    #: What an item is called by; equal names in a section that is not `unique` are told apart by their turn.
    called: ClassVar[str] = "name"

    @property
    def title(self) -> str:
        """As people call it."""
        raise NotImplementedError

    def now(self, book: Book) -> list[Kept]:
        """What there is, in the order of the file."""
        raise NotImplementedError

    def key(self, said: Said) -> Hashable:
        return str(said.get(self.called, ""))

    def label(self, said: Said) -> str:
        return str(said.get(self.called, ""))

    def note(self, said: Said, book: Book) -> None:
        """Let the book know what this item of the file adds to what can be named."""

    def clean(self, said: Said, book: Book) -> Said:
        """As it would be kept. Raises Invalid or Wrong for what cannot be."""
        return said

    def check(self, said: Said, before: Said, book: Book) -> None:
        """Of an item that is new or changed: does all that it names exist? Raises Wrong.

        What it named `before` (nothing, of a new one) may have gone, and stays named.
        """

    def hints(self, said: Said) -> list[str]:
        """What somebody should know who imports this item, though nothing is wrong."""
        return []

    def in_turn(self, items: Sequence[Any], book: Book) -> Sequence[Any]:
        """New and changed items in the order in which they can be written."""
        return items

    def before(self, items: Sequence[Any], order: Order) -> None:
        """What has to give way before the first of them is written."""

    def add(self, said: Said, order: Order) -> Any:
        """Make it; the row."""
        raise NotImplementedError

    def change(self, row: Any, said: Said, before: Said, order: Order) -> Any:
        """Let the row be as said."""
        raise NotImplementedError

    def remove(self, kept: Kept, order: Order) -> None:
        """Of what the file does not name, where that is to go."""

    def going(self, kept: Sequence[Kept], book: Book) -> Sequence[Kept]:
        """Those of them that can be removed, in the order in which they can."""
        return kept

    def arrange(self, rows: Sequence[Any], order: Order) -> None:
        """Of an ordered section: let the rows stand in this order."""


def unknown(path: str, kind: str, name: str) -> Wrong:
    """No such thing; `kind` is one of those below."""
    sentences = {
        "team": _("There is no team “%(name)s”, neither here nor in the file."),
        "position": _("There is no position “%(name)s”, neither here nor in the file."),
        "companion": _("There is no companion “%(name)s”, neither here nor in the file."),
    }
    return Wrong(path, sentences[kind] % {"name": name[:120]})
