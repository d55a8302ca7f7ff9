"""May this member see it? Folders and documents of their own, and what others gave them.

A share of a folder reaches all below it, a share with a team all teams below it. Everything is read at
the time of use: what is withdrawn, and whoever leaves a team or the organization, counts at once. Who is
no member of the organization we are in finds nothing here, whatever any row says of them.

    access_folder, access_document    one thing, or NotFound; NotAllowed for who may read and not write
    right_to                          what a member may do with a folder
    readable_among                    the same for folders that are named
    readable_documents                the filter that lists and searches put in their question
    readable_sources                  the same over passages: inside the query that ranks
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from documents.contract import MOST
from documents.models import Chunk, Document, Folder, Share, ShareMark
from documents.permissions import READ
from documents.store import Card, store_of, stored_elsewhere
from humana.kernel.errors import NotAllowed, NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.queries import teams
from tenants.structure import line

Right = Literal["read", "write"]
#: What an owner may do besides reading and writing, nobody else may: share, delete, move away.
OWNER, WRITE_RIGHT, READ_RIGHT = "owner", "write", "read"
#: Documents of one folder that an answer looks through, where they are not beside the rows.
MOST_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Given:
    """What a member was given by others: folders with all below them, and single documents."""

    folders: Mapping[uuid.UUID, str] = field(default_factory=dict)
    documents: Mapping[uuid.UUID, str] = field(default_factory=dict)


def shares_with(member: Membership) -> QuerySet[Share]:
    """What names the member or a team around them, and they have not left."""
    must_be_ours(member)
    left = ShareMark.objects.filter(member_id=member.id, left=True)
    rows = Share.objects.filter(Q(member_id=member.id) | Q(team_id__in=_teams_around(member)))
    return rows.exclude(id__in=left.values("share_id"))


def given_to(member: Membership) -> Given:
    """All of it, in the placement we are in."""
    rows = list(shares_with(member).order_by().values_list("folder_id", "document_id", "right"))
    roots, documents = _widest((row[0], row[2]) for row in rows), _widest((row[1], row[2]) for row in rows)
    return Given(_with_all_below(roots), documents) if rows else Given()


def right_to(member: Membership, folder: Folder, given: Given | None = None) -> str | None:
    """`owner`, `write`, `read`, or None."""
    must_be_ours(member)
    if folder.owner_id == member.user_id:
        return OWNER
    return (given or given_to(member)).folders.get(folder.id)


def right_to_card(member: Membership, card: Card) -> str | None:
    """The same for a document: what its folder is shared with, or it alone. Its folder must be there."""
    must_be_ours(member)
    if card.folder_id and not Folder.objects.filter(id=card.folder_id).exists():
        return None
    return _right_by(member, card, None)


def rights_among(member: Membership, cards: Iterable[Card]) -> dict[uuid.UUID, str]:
    """What the member may do with each of these, which were loaded through who may read them. What is their
    own costs no question.
    """
    must_be_ours(member)
    cards = list(cards)
    others = any(one.owner_id != member.user_id for one in cards)
    given = given_to(member) if others else Given()
    return {one.id: _right_by(member, one, given) or READ_RIGHT for one in cards}


def readable_cards(member: Membership, cards: Iterable[Card]) -> list[Card]:
    """Those of these documents that the member may read, in their order; few queries for many."""
    must_be_ours(member)
    cards, given = list(cards), given_to(member)
    around = {one.folder_id for one in cards if one.folder_id}
    there = {None, *Folder.objects.filter(id__in=around).values_list("id", flat=True)}
    return [one for one in cards if one.folder_id in there and _right_by(member, one, given)]


def _right_by(member: Membership, card: Card, given: Given | None) -> str | None:
    if card.owner_id == member.user_id:
        return OWNER
    given = given or given_to(member)
    by_folder = given.folders.get(card.folder_id) if card.folder_id else None
    return _wider(by_folder, given.documents.get(card.id))


def access_folder(*, member: Membership, folder_id: uuid.UUID, right: Right = "read") -> Folder:
    """A folder of the member's own, or one given to them. Any other is missing in just the same way."""
    must_be_ours(member)
    folder = Folder.objects.filter(id=folder_id).first()
    if folder is None:
        raise _nothing()
    _let(right_to(member, folder), right)
    return folder


def folder_for(member: Membership, folder_id: uuid.UUID) -> Folder | None:
    """The folder, if the member may see folders at all and read this one; else None."""
    try:
        return access_folder(member=member, folder_id=folder_id) if allowed(member, READ.name) else None
    except NotFound:
        return None


def access_document(*, member: Membership, document_id: uuid.UUID, right: Right = "read") -> Card:
    """A document of the member's own, in a folder given to them, or given by itself; not in the trash."""
    must_be_ours(member)
    card = store_of(current_tenant()).card(document_id)
    _let(right_to_card(member, card), right)
    return card


def own_folder(*, member: Membership, folder_id: uuid.UUID) -> Folder:
    """For what only its owner does: share, delete, move away. NotAllowed for who was given it."""
    folder = access_folder(member=member, folder_id=folder_id)
    _must_own(folder.owner_id, member)
    return folder


def own_document(*, member: Membership, document_id: uuid.UUID) -> Card:
    card = access_document(member=member, document_id=document_id)
    _must_own(card.owner_id, member)
    return card


def readable_folders(member: Membership, given: Mapping[uuid.UUID, str] | None = None) -> QuerySet[Folder]:
    """The member's own folders, and those given to them with all below."""
    must_be_ours(member)
    given = given_to(member).folders if given is None else given
    return Folder.objects.filter(Q(owner_id=member.user_id) | Q(id__in=list(given)))


def readable_among(member: Membership, folders: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these folders that the member may read; one question where all are the member's own."""
    must_be_ours(member)
    rows = Folder.objects.filter(id__in=set(folders)).order_by()
    owners = dict(rows.values_list("id", "owner_id"))
    own = {one for one, owner_id in owners.items() if owner_id == member.user_id}
    return own if len(own) == len(owners) else own | (owners.keys() & given_to(member).folders.keys())


def readable_documents(member: Membership) -> QuerySet[Document]:
    """Those beside the rows. Where documents are at a MongoDB of the organization's own this is empty."""
    given = given_to(member)
    any_of = Q(owner_id=member.user_id) | Q(folder_id__in=list(given.folders))
    any_of |= Q(id__in=list(given.documents))
    return Document.objects.filter(any_of, folder__removed_at=None).order_by()


def readable_sources(
    member: Membership, *, documents: Iterable[uuid.UUID] = (), folder: Folder | None = None
) -> Q:
    """Over Chunk: passages of these documents, and of those in this folder and all above it.

    Only what the member may read now. Outside `documents.read`, nothing.
    """
    must_be_ours(member)
    if not allowed(member, READ.name):
        return Q(pk__in=())
    named, above = list(documents), folders_above(member, folder) if folder else []
    if not named and not above:
        return Q(pk__in=())
    if stored_elsewhere(current_tenant().organization_id):
        found: object = list(_readable_elsewhere(member, named, above))
    else:
        here = Q(id__in=named) | Q(folder_id__in=[one.id for one in above])
        found = readable_documents(member).filter(here).values("id")
    return Q(source_kind=Chunk.Of.DOCUMENT, source_id__in=found)


def folder_of(card: Card) -> Folder | None:
    """The folder that a document is in, which was loaded through who may read it."""
    return Folder.objects.filter(id=card.folder_id).first() if card.folder_id else None


def folders_above(member: Membership, folder: Folder) -> list[Folder]:
    """The folder and all above it that the member may read, the topmost first."""
    must_be_ours(member)
    rows = {one.id: one for one in Folder.objects.filter(owner_id=folder.owner_id)}
    above = [rows[one] for one in line(_parents(rows.values()), folder.id) if one in rows][::-1]
    if folder.owner_id == member.user_id:
        return above
    given = given_to(member).folders
    return [one for one in above if one.id in given]


def must_be_ours(member: Membership) -> None:
    """Nothing here is anything of a member of another organization."""
    if member.organization_id != current_tenant().organization_id:
        raise _nothing()


def _readable_elsewhere(
    member: Membership, documents: Iterable[uuid.UUID], folders: Iterable[Folder]
) -> Iterator[uuid.UUID]:
    """The same for documents that are no rows: asked of their store a moment before."""
    store = store_of(current_tenant())
    yield from (one.id for one in readable_cards(member, store.cards(documents)))
    for folder in folders:
        page, seen = store.list_folder(owner_id=folder.owner_id, folder_id=folder.id, limit=MOST), 0
        while page.cards and seen < MOST_LISTED:
            yield from (one.id for one in page.cards)
            seen += len(page.cards)
            if page.next is None:
                break
            page = store.list_folder(
                owner_id=folder.owner_id, folder_id=folder.id, limit=MOST, after=page.next
            )


def _teams_around(member: Membership) -> tuple[uuid.UUID, ...]:
    """The member's team and all above: what is given to one of them is given to those below."""
    if member.team_id is None:
        return ()
    return line(dict(teams().order_by().values_list("id", "parent_id")), member.team_id)


def _with_all_below(roots: Mapping[uuid.UUID, str]) -> dict[uuid.UUID, str]:
    if not roots:
        return {}
    owners = Folder.objects.filter(id__in=list(roots)).order_by().values("owner_id")
    parents = dict(Folder.objects.filter(owner_id__in=owners).order_by().values_list("id", "parent_id"))
    found = {one: [roots[up] for up in line(parents, one) if up in roots] for one in parents}
    return {one: max(rights, key=_RANK.index) for one, rights in found.items() if rights}


def _parents(folders: Iterable[Folder]) -> dict[uuid.UUID, uuid.UUID | None]:
    return {one.id: one.parent_id for one in folders}


_RANK = ("", READ_RIGHT, WRITE_RIGHT, OWNER)


def _wider(one: str | None, other: str | None) -> str | None:
    return max(one or "", other or "", key=_RANK.index) or None


def _widest(rows: Iterable[tuple[uuid.UUID | None, str]]) -> dict[uuid.UUID, str]:
    found: dict[uuid.UUID, str] = {}
    for key, right in rows:
        if key is not None:
            found[key] = _wider(found.get(key), right) or right
    return found


def _let(has: str | None, wanted: str) -> None:
    if has is None:
        raise _nothing()
    if _RANK.index(has) < _RANK.index(wanted):
        raise NotAllowed(_("You may read this, not change it. Ask its owner."), code="read_only")


def _must_own(owner_id: uuid.UUID, member: Membership) -> None:
    if owner_id != member.user_id:
        raise NotAllowed(_("Only its owner can do this."), code="not_the_owner")


def _nothing() -> NotFound:
    return NotFound(_("There is nothing here."))
