"""Who has what: reads of shares, with the names of people and teams. A share is its giver's to change."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.access import folder_of, folders_above, must_be_ours, readable_cards, shares_with
from documents.models import Folder, Share, ShareMark
from documents.services.sharing import Party
from documents.store import Card, store_of
from humana.kernel.errors import NotFound, Unavailable
from tenants.context import current_tenant
from tenants.models import Membership, Team
from tenants.places import Gathered, gather
from tenants.queries import access_member, access_team, members, people_named, teams

#: People and teams that one search for whom to share with gives, each.
MOST_FOUND = 8
#: How long the home page tells of what was given and not opened yet.
TOLD_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has it. `name` is empty for who is here no longer; `above` is the folder it came with."""

    share: Share
    name: str
    above: Folder | None = None

    @property
    def is_team(self) -> bool:
        return self.share.team_id is not None


@dataclass(frozen=True, slots=True)
class Received:
    """What somebody was given: a folder or a document, by whom, and whether they have opened it."""

    share: Share
    name: str
    folder: Folder | None
    card: Card | None
    giver: str
    seen: bool

    @property
    def at(self) -> datetime:
        return self.share.created_at


def access_share(*, member: Membership, share_id: uuid.UUID) -> Share:
    """One that the member gave: of a folder or a document of their own. Any other is missing."""
    must_be_ours(member)
    row = Share.objects.select_related("folder").filter(id=share_id).first()
    if row is None or _owner_of(row) != member.user_id:
        raise NotFound(_("There is nothing here."))
    return row


def access_party(*, member: Membership, member_id: uuid.UUID | None, team_id: uuid.UUID | None) -> Party:
    """A member who works here, or a team; NotFound for another organization's, whoever may name it."""
    if team_id is not None:
        return Party(team=access_team(member=member, team_id=team_id))
    if member_id is None:
        raise NotFound(_("There is nothing here."))
    found = access_member(member=member, member_id=member_id)
    if found.state != Membership.State.ACTIVE:
        raise NotFound(_("There is nothing here."))
    return Party(member=found)


def people_like(member: Membership, text: str) -> list[Membership]:
    """Who works here and is called so, without the member."""
    rows = members().filter(state=Membership.State.ACTIVE).exclude(user_id=member.user_id)
    named = Q(user__name__icontains=text) | Q(user__email__istartswith=text)
    return list(rows.filter(named).order_by("user__name", "user__email")[:MOST_FOUND])


def teams_like(text: str) -> list[Team]:
    return list(teams().filter(name__icontains=text)[:MOST_FOUND])


def shares_of(aim: Folder | Card) -> QuerySet[Share]:
    """To whom it was given by itself; of what was loaded through who may read it."""
    return Share.objects.filter(aim_id=aim.id).order_by("created_at", "id")


def shares_reaching(member: Membership, aim: Folder | Card) -> QuerySet[Share]:
    """The same with those of the folders around it that the member may read."""
    folder = aim if isinstance(aim, Folder) else folder_of(aim)
    around = [one.id for one in folders_above(member, folder)] if folder else []
    return Share.objects.filter(Q(aim_id=aim.id) | Q(folder_id__in=around))


def holders_of_folder(member: Membership, folder: Folder) -> list[Holder]:
    """Who has this folder, by itself or with one above it that the member may read."""
    above = {one.id: one for one in folders_above(member, folder)}
    rows = Share.objects.filter(folder_id__in=above).order_by("created_at", "id")
    by = {one.id: above[one.folder_id] for one in rows if one.folder_id and one.folder_id != folder.id}
    return _holders(rows, by)


def holders_of_document(member: Membership, card: Card) -> list[Holder]:
    """Who has this document, by itself or with the folder it is in."""
    folder = folder_of(card)
    by_folder = holders_of_folder(member, folder) if folder else []
    own = _holders(shares_of(card), {})
    return [*own, *(Holder(one.share, one.name, one.above or folder) for one in by_folder)]


@dataclass(frozen=True, slots=True)
class Shared:
    """How many folders and documents; those in the trash are none."""

    folders: int
    documents: int


def shared_with_team(team_id: uuid.UUID) -> Shared:
    """What was given to this very team, in the placement we are in."""
    rows = list(Share.objects.filter(team_id=team_id).order_by().values_list("folder_id", "document_id"))
    folders, documents = {one[0] for one in rows} - {None}, {one[1] for one in rows if one[1] is not None}
    there = Folder.objects.filter(id__in=folders).count() if folders else 0
    return Shared(there, len(store_of(current_tenant()).cards(documents)) if documents else 0)


def received(member: Membership) -> QuerySet[Share]:
    """The shares themselves, of what is still there, in the placement we are in."""
    return shares_with(member).filter(folder__removed_at=None)


def shared_with(member: Membership) -> Gathered[Received]:
    """What the member was given, wherever it lives, the latest first; each thing once."""
    gathered = gather(lambda: _received(member))
    latest = sorted(gathered.found, key=lambda one: (one.at, one.share.id), reverse=True)
    return Gathered(latest, gathered.silent)


def waiting_shares(member: Membership) -> list[Received]:
    """Given lately and not opened yet. Nothing while a store of documents does not answer."""
    since = timezone.now() - TOLD_FOR
    try:
        return [one for one in shared_with(member).found if not one.seen and one.at > since]
    except Unavailable:
        return []


def given_away(aim_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the folders and documents that were given to anybody at all."""
    return set(Share.objects.filter(aim_id__in=list(aim_ids)).order_by().values_list("aim_id", flat=True))


def _owner_of(row: Share) -> uuid.UUID | None:
    if row.folder is not None:
        return row.folder.owner_id if row.folder.removed_at is None else None
    return next((one.owner_id for one in store_of(current_tenant()).cards([row.aim_id])), None)


def _holders(rows: Iterable[Share], above: dict[uuid.UUID, Folder]) -> list[Holder]:
    rows = list(rows)
    named = _names(rows)
    return [Holder(one, named.get(one.whose_id, ""), above.get(one.id)) for one in rows]


def _names(rows: Sequence[Share]) -> dict[uuid.UUID, str]:
    """Of who is here now; two queries for a page."""
    people = members().filter(id__in=[one.member_id for one in rows if one.member_id])
    working = people.filter(state=Membership.State.ACTIVE)
    found = teams().filter(id__in=[one.team_id for one in rows if one.team_id])
    return {one.id: str(one.user) for one in working} | {one.id: one.name for one in found}


def _received(member: Membership) -> list[Received]:
    rows = list(received(member).select_related("folder").order_by("-created_at", "-id"))
    rows = list({one.aim_id: one for one in reversed(rows)}.values())
    marks = ShareMark.objects.filter(member_id=member.id, share_id__in=[one.id for one in rows])
    seen = set(marks.values_list("share_id", flat=True))
    givers, cards = people_named({one.given_by for one in rows}), _cards(member, rows)
    found = []
    for one in rows:
        aim = one.folder or cards.get(one.aim_id)
        if aim is not None:
            giver = str(givers.get(one.given_by, ""))
            found.append(Received(one, aim.name, one.folder, cards.get(one.aim_id), giver, one.id in seen))
    return found


def _cards(member: Membership, rows: Iterable[Share]) -> dict[uuid.UUID, Card]:
    """Of the documents that are given by themselves, and are there."""
    ids = [one.document_id for one in rows if one.document_id]
    if not ids:
        return {}
    return {one.id: one for one in readable_cards(member, store_of(current_tenant()).cards(ids))}
