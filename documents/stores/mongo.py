"""Documents at an organization's own MongoDB, through pymongo.

    humana_documents   one entry for each document: its card, what its versions are, its words
    humana_texts       the texts of versions, each written once and never changed

There are no transactions and none are needed. A text is written first, under an id of its own, and
counts from the moment one atomic change of the document's entry names it. What is left of a change
that lost or was cut off is named by nothing, and goes with its document.

MongoDB has no row-level security: what keeps organizations apart is `Ours`, through which every
query goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from byoc.models import Endpoint
from documents import contract, words
from documents.contract import Card, Draft, Order, Page, Place, Record, Usage, Version
from documents.stores.connecting import Server
from documents.stores.ours import OWNER, Entry, Ours
from humana.kernel.models import new_id

DOCUMENTS, TEXTS = "humana_documents", "humana_texts"
INDEXES = {
    DOCUMENTS: [
        IndexModel([OWNER, "id"], unique=True),
        IndexModel([OWNER, "owner_id", "folder_id", "sort_name", "id"]),
        IndexModel([OWNER, "owner_id", "folder_id", "changed_at", "id"]),
    ],
    TEXTS: [IndexModel([OWNER, "id"], unique=True), IndexModel([OWNER, "document_id"])],
}

ON_CARD = ("id", "owner_id", "folder_id", "name", "media_type", "version", "size", "created_at", "changed_at")
TRASHED = ("trashed_at", "trashed_by")
#: What is read where only the card is wanted.
CARD: Entry = dict.fromkeys((*ON_CARD, *TRASHED), 1)
HERE: Entry = {"trashed_at": None}
IN_TRASH: Entry = {"trashed_at": {"$ne": None}}
#: Large is what a document's text is: the files are elsewhere.
_COLUMNS = {"name": "sort_name", "changed": "changed_at", "size": "size"}
#: How many documents are read at once while everything is copied out.
BATCH = 50


class MongoStore:
    """The contract on one database of one server."""

    def __init__(self, organization_id: uuid.UUID, endpoint: Endpoint) -> None:
        server = Server(endpoint, INDEXES)
        self.documents = Ours(organization_id, server, DOCUMENTS)
        self.texts = Ours(organization_id, server, TEXTS)

    def add(self, draft: Draft) -> Card:
        record = contract.begun(draft)
        kept = self._keep(draft.id, record.versions[0])
        try:
            self.documents.insert(_entry(record.card, [kept], draft.text))
        except DuplicateKeyError:
            self.texts.delete({"id": kept["text_id"]})
            raise contract.id_taken() from None
        return record.card

    def revise(self, document_id: uuid.UUID, text: str, *, expected: int, author_id: uuid.UUID) -> Card:
        text, moment = contract.clean_body(text), contract.now()
        version = Version(number=expected + 1, text=text, author_id=author_id, written_at=moment)
        kept = self._keep(document_id, version)
        change = {
            "$set": {
                "version": version.number,
                "size": version.size,
                "changed_at": moment,
                "words": words.searched(text),
            },
            "$inc": {"bytes": version.size},
            "$push": {"kept": kept},
        }
        found = self.documents.change({"id": document_id, "version": expected, **HERE}, change, CARD)
        if found is None:
            self.texts.delete({"id": kept["text_id"]})
            self.card(document_id)
            raise contract.changed_meanwhile()
        return _card(found)

    def card(self, document_id: uuid.UUID) -> Card:
        return _card(_there(self.documents.first({"id": document_id, **HERE}, CARD)))

    def cards(self, ids: Iterable[uuid.UUID], *, in_trash: bool = False) -> tuple[Card, ...]:
        wanted = list(ids)
        where = {"id": {"$in": wanted}, **(IN_TRASH if in_trash else HERE)}
        found = self.documents.some(where, CARD, order=[("id", ASCENDING)], limit=len(wanted) or 1)
        return tuple(_card(entry) for entry in found)

    def read(self, document_id: uuid.UUID, number: int | None = None) -> Version:
        entry = _there(self.documents.first({"id": document_id, **HERE}, {"version": 1, "kept": 1}))
        wanted = entry["version"] if number is None else number
        kept = _there(next((one for one in entry["kept"] if one["number"] == wanted), None))
        return self._version(kept)

    def list_folder(
        self,
        *,
        owner_id: uuid.UUID,
        folder_id: uuid.UUID | None,
        order: Order = Order.NAME,
        limit: int = 20,
        after: Place | None = None,
    ) -> Page:
        where = {"owner_id": owner_id, "folder_id": folder_id, **HERE}
        return self._page(where, order=order, limit=limit, after=after)

    def list_owned(
        self,
        *,
        owner_id: uuid.UUID,
        order: Order = Order.CHANGED,
        limit: int = 20,
        after: Place | None = None,
    ) -> Page:
        return self._page({"owner_id": owner_id, **HERE}, order=order, limit=limit, after=after)

    def count_owned(self, owner_id: uuid.UUID) -> int:
        return self.documents.count({"owner_id": owner_id})

    def list_trash(self, *, owner_id: uuid.UUID, limit: int = 20, after: Place | None = None) -> Page:
        return self._page({"owner_id": owner_id, **IN_TRASH}, order=Order.CHANGED, limit=limit, after=after)

    def trashed_before(self, moment: datetime, *, limit: int = 20) -> tuple[Card, ...]:
        where, order = {"trashed_at": {"$lt": moment}}, [("trashed_at", ASCENDING), ("id", ASCENDING)]
        return tuple(_card(entry) for entry in self.documents.some(where, CARD, order=order, limit=limit))

    def move(
        self, document_id: uuid.UUID, *, folder_id: uuid.UUID | None, seen: datetime | None = None
    ) -> Card:
        return self._change({"id": document_id, **HERE}, seen, folder_id=folder_id)

    def rename(self, document_id: uuid.UUID, *, name: str, seen: datetime | None = None) -> Card:
        return self._change({"id": document_id, **HERE}, seen, **_named(contract.clean_name(name)))

    def trash(self, document_id: uuid.UUID, *, by: uuid.UUID) -> Card:
        return self._change({"id": document_id, **HERE}, trashed_at=contract.now(), trashed_by=by)

    def restore(self, document_id: uuid.UUID) -> Card:
        return self._change({"id": document_id, **IN_TRASH}, trashed_at=None, trashed_by=None)

    def purge(self, document_id: uuid.UUID) -> None:
        taken = self.documents.take({"id": document_id, **IN_TRASH}, {"id": 1})
        if taken is None and self.documents.first({"id": document_id}, {"id": 1}):
            raise contract.not_in_trash()
        self.texts.delete({"document_id": document_id})  # of a purge that was cut off, too
        _there(taken)

    def search(
        self, question: str, *, owner_id: uuid.UUID | None = None, limit: int = 20
    ) -> tuple[Card, ...]:
        asked = words.asked(question)
        if not asked:
            return ()
        where = {"$and": [_says(word) for word in asked], **HERE}
        if owner_id is not None:
            where["owner_id"] = owner_id
        order = [("changed_at", DESCENDING), ("id", DESCENDING)]
        found = self.documents.some(where, CARD, order=order, limit=contract.within(limit))
        return tuple(_card(entry) for entry in found)

    def owners(self) -> dict[uuid.UUID, int]:
        return {one["_id"]: one["number"] for one in self.documents.counted("owner_id")}

    def hand_over(self, owner_id: uuid.UUID, to: uuid.UUID, *, besides: Collection[uuid.UUID] = ()) -> int:
        where = {"owner_id": owner_id, "id": {"$nin": list(besides)}}
        return self.documents.change_all(where, {"$set": {"owner_id": to}})

    def usage(self) -> Usage:
        here: Entry = {"$cond": [{"$eq": ["$trashed_at", None]}, 1, 0]}
        sums = {"all": 1, "here": here, "versions": "$version", "bytes": "$bytes"}
        total = self.documents.total({name: {"$sum": what} for name, what in sums.items()})
        return Usage(
            documents=total.get("here", 0),
            in_trash=total.get("all", 0) - total.get("here", 0),
            versions=total.get("versions", 0),
            bytes=total.get("bytes", 0),
        )

    def copy_out(self) -> Iterator[Record]:
        after, fields = uuid.UUID(int=0), {**CARD, "kept": 1}
        order = [("id", ASCENDING)]
        while found := self.documents.some({"id": {"$gt": after}}, fields, order=order, limit=BATCH):
            for entry in found:
                yield Record(_card(entry), tuple(self._version(kept) for kept in entry["kept"]))
            after = found[-1]["id"]

    def put_back(self, record: Record) -> None:
        self.texts.delete({"document_id": record.card.id})
        kept = [self._keep(record.card.id, version) for version in record.versions]
        self.documents.replace({"id": record.card.id}, _entry(record.card, kept, record.versions[-1].text))

    def erase(self) -> int:
        count = self.documents.delete({})
        self.texts.delete({})
        return count

    def _page(self, where: Entry, *, order: Order, limit: int, after: Place | None) -> Page:
        limit, column = contract.within(limit), _COLUMNS[order.by]
        way = ASCENDING if order.ascending else DESCENDING
        if after is not None:
            beyond = "$gt" if order.ascending else "$lt"
            level = {column: after.key, "id": {beyond: after.id}}
            where = {**where, "$or": [{column: {beyond: after.key}}, level]}
        found = self.documents.some(where, CARD, order=[(column, way), ("id", way)], limit=limit + 1)
        return contract.page_of([_card(entry) for entry in found], limit=limit, order=order, sizes={})

    def _change(self, where: Entry, seen: datetime | None = None, **changes: Any) -> Card:
        change = {"$set": {**changes, "changed_at": contract.now()}}
        as_seen = where if seen is None else {**where, "changed_at": seen}
        found = self.documents.change(as_seen, change, CARD)
        if found is None and seen is not None:
            _there(self.documents.first(where, {"id": 1}))
            raise contract.changed_meanwhile()
        return _card(_there(found))

    def _keep(self, document_id: uuid.UUID, version: Version) -> Entry:
        """Write the text; what the document's entry will say of it."""
        text_id = new_id()
        self.texts.insert({"id": text_id, "document_id": document_id, "text": version.text})
        return {
            "number": version.number,
            "text_id": text_id,
            "size": version.size,
            "author_id": version.author_id,
            "written_at": version.written_at,
        }

    def _version(self, kept: Entry) -> Version:
        text = _there(self.texts.first({"id": kept["text_id"]}, {"text": 1}))["text"]
        named = {name: kept[name] for name in ("number", "author_id", "written_at")}
        return Version(text=text, **named)


def _there(entry: Entry | None) -> Entry:
    if entry is None:
        raise contract.not_here()
    return entry


def _entry(card: Card, kept: list[Entry], text: str) -> Entry:
    return {
        **{name: getattr(card, name) for name in CARD},
        **_named(card.name),
        "kept": kept,
        "bytes": sum(one["size"] for one in kept),
        "words": words.searched(text),
    }


def _named(name: str) -> Entry:
    return {"name": name, "sort_name": contract.sort_name(name), "name_words": words.searched(name)}


def _says(word: str) -> Entry:
    """A word of the name or the text begins so. Letters and digits, so that nothing is escaped."""
    begins = {"$regex": f" {word}"}
    return {"$or": [{"name_words": begins}, {"words": begins}]}


def _card(entry: Entry) -> Card:
    return Card(**{name: entry[name] for name in CARD})
