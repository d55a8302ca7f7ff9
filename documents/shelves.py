"""Folders as people see them: trees with all below, and by the way down to each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from documents.access import given_to
from documents.models import Folder
from documents.queries import folders_of
from documents.sharing import given_away
from tenants.models import Membership
from tenants.places import Gathered, gather
from tenants.structure import in_order


@dataclass(slots=True)
class Shelf:
    """A folder with those inside it. `shared` says that somebody was given it."""

    folder: Folder
    shared: bool = False
    below: list[Shelf] = field(default_factory=list)


def shelves_of(member: Membership) -> Gathered[Shelf]:
    """The member's own folders as trees, wherever they live, by name."""
    gathered = gather(lambda: _shelves(list(folders_of(member))))
    return Gathered(sorted(gathered.found, key=lambda one: one.folder.name.casefold()), gathered.silent)


def shelves_below(member: Membership, folder: Folder) -> list[Shelf]:
    """What is inside a folder that the member may read."""
    rows = list(Folder.objects.filter(owner_id=folder.owner_id).order_by("name", "id"))
    found = _shelves(rows)
    return next((one.below for one in _every(found) if one.folder.id == folder.id), [])


def choices(member: Membership) -> list[tuple[str, str]]:
    """The member's own folders in the placement we are in, each with those above it: to choose from."""
    return [(str(one.id), path) for one, path in _paths(list(folders_of(member)))]


def writable(member: Membership) -> list[tuple[Folder, str]]:
    """The folders into which the member may put a chat: their own, and those given to them."""
    given = given_to(member).folders
    theirs = Folder.objects.filter(id__in=list(given)).order_by("name", "id")
    return [*_paths(list(folders_of(member))), *_paths(list(theirs))]


def _paths(rows: list[Folder]) -> list[tuple[Folder, str]]:
    names: list[str] = []
    found = []
    for placed in in_order(rows, "parent_id"):
        names[placed.depth :] = [placed.row.name]
        found.append((placed.row, " / ".join(names)))
    return found


def _shelves(rows: Sequence[Folder]) -> list[Shelf]:
    away = given_away(one.id for one in rows)
    known = {one.id: Shelf(one, one.id in away) for one in rows}
    tops: list[Shelf] = []
    for one in known.values():
        parent: uuid.UUID | None = one.folder.parent_id
        (known[parent].below if parent in known else tops).append(one)
    return tops


def _every(shelves: Iterable[Shelf]) -> Iterable[Shelf]:
    for one in shelves:
        yield one
        yield from _every(one.below)
