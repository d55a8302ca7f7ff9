"""What somebody leaves behind whose membership ended, and who has it from then on.

Handed over are their folders with all inside, and documents in no folder. What they attached to a question
outside of any folder stays with that conversation, and conversations stay theirs: nobody reads them.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db.models import F
from django.utils.translation import gettext as _

from documents.contract import MOST
from documents.models import Folder, Share
from documents.permissions import HAND_OVER, WRITE
from documents.store import Card, DocumentStore, Place, store_of, stored_elsewhere
from humana.kernel.errors import Conflict, Invalid, NotFound
from humana.kernel.ports import in_conversations, record_trail
from tenants.context import current_tenant, use_tenant
from tenants.db.refusals import refusing
from tenants.models import Membership, User
from tenants.permissions import allowed, require
from tenants.places import everywhere, gather
from tenants.queries import members, people_named
from tenants.transactions import tenant_atomic

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody who is no member any more, and how much of theirs can be handed over, what is in the trash
    counted too.
    """

    person: User
    folders: int
    documents: int


@dataclass(frozen=True, slots=True)
class Handed:
    """How much has changed hands, and how many documents stayed with the conversations they are in."""

    folders: int = 0
    documents: int = 0
    stayed: int = 0

    def __add__(self, more: Handed) -> Handed:
        return Handed(self.folders + more.folders, self.documents + more.documents, self.stayed + more.stayed)


def left_behind(*, member: Membership) -> list[Left]:
    """Of everybody who is no member any more, by name. A placement that does not answer is left out."""
    require(member, HAND_OVER.name)
    folders, documents = _owned()
    here = set(members().values_list("user_id", flat=True))
    people = people_named((set(folders) | set(documents)) - here)
    told = [Left(one, folders[id_], documents[id_] - _number_staying(id_)) for id_, one in people.items()]
    found = [one for one in told if one.folders or one.documents]
    return sorted(found, key=lambda one: one.person.get_full_name().casefold())


def hand_over(*, member: Membership, person_id: uuid.UUID, heir: Membership) -> Handed:
    """All of it is `heir`'s from the next request on; whom it was shared with keeps it, with the same right.

    Conflict while the person is a member, whose things are their own; NotFound where nothing is left; Invalid
    for an heir who may not keep documents. Every placement is one step: what is interrupted is done by asking
    again.
    """
    require(member, HAND_OVER.name)
    if heir.state != Membership.State.ACTIVE or not allowed(heir, WRITE.name):
        message = _("This member may not keep folders. Choose somebody who may.")
        raise Invalid(message, field="member_id", code="may_not_keep")
    if members().filter(user_id=person_id).exists():
        raise Conflict(_("This person is a member: what is theirs is theirs."), code="still_here")
    staying = set().union(*_everywhere(lambda: _staying(person_id)))
    done = sum(_everywhere(lambda: _hand_over_here(person_id, heir, staying)), Handed())
    if not (done.folders or done.documents):
        raise NotFound(_("There is nothing here."), field="person_id")
    return replace(done, stayed=len(staying))


def _staying(person_id: uuid.UUID) -> set[uuid.UUID]:
    """What is in no folder and in a conversation of the placement we are in."""
    loose = {one.id for one in _in_no_folder(store_of(current_tenant()), person_id)}
    return in_conversations(loose)


def _number_staying(person_id: uuid.UUID) -> int:
    return len(set(gather(lambda: list(_staying(person_id))).found))


def _everywhere(act: Callable[[], Done]) -> list[Done]:
    """In each placement; raises Unavailable where one does not answer: what it has is not known then."""
    found = []
    for place in everywhere():
        with refusing(place.placement.alias), use_tenant(place):
            found.append(act())
    return found


def _hand_over_here(person_id: uuid.UUID, heir: Membership, staying: set[uuid.UUID]) -> Handed:
    """In the placement we are in."""
    to = heir.user_id
    with tenant_atomic():
        folders = Folder.everything.filter(owner_id=person_id).update(owner_id=to, version=F("version") + 1)
        documents = store_of(current_tenant()).hand_over(person_id, to, besides=staying)
        done = Handed(folders, documents)
        if folders or documents:
            _pass_on_shares(person_id, heir, staying)
            told = {"from": person_id, "to": to, "folders": folders, "documents": documents}
            record_trail(
                action="documents.handed_over", resource_type="membership", resource_id=heir.id, payload=told
            )
    return done


def _pass_on_shares(person_id: uuid.UUID, heir: Membership, staying: set[uuid.UUID]) -> None:
    """They are given by the heir now; what the heir had been given is their own."""
    given = Share.objects.filter(given_by=person_id).exclude(document_id__in=list(staying))
    given.filter(member_id=heir.id).delete()
    given.update(given_by=heir.user_id)


def _in_no_folder(store: DocumentStore, owner_id: uuid.UUID) -> Iterator[Card]:
    yield from _pages(store, owner_id, in_trash=False)
    yield from (one for one in _pages(store, owner_id, in_trash=True) if one.folder_id is None)


def _pages(store: DocumentStore, owner_id: uuid.UUID, *, in_trash: bool) -> Iterator[Card]:
    after: Place | None = None
    while True:
        if in_trash:
            page = store.list_trash(owner_id=owner_id, limit=MOST, after=after)
        else:
            page = store.list_folder(owner_id=owner_id, folder_id=None, limit=MOST, after=after)
        yield from page.cards
        after = page.next
        if after is None:
            return


def _owned() -> tuple[Counter[uuid.UUID], Counter[uuid.UUID]]:
    """How many folders and documents there are of each person. A store that all share is asked once."""
    folders: Counter[uuid.UUID] = Counter(gather(_folders).found)
    if stored_elsewhere(current_tenant().organization_id):
        return folders, Counter(store_of(current_tenant()).owners())
    documents: Counter[uuid.UUID] = Counter()
    for found in gather(lambda: [store_of(current_tenant()).owners()]).found:
        documents.update(found)
    return folders, documents


def _folders() -> list[uuid.UUID]:
    return list(Folder.everything.order_by().values_list("owner_id", flat=True))
