"""Documents as rows of the tenant plane, beside everything else of the organization.

The managers and row-level security keep it apart; each operation is one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connections
from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, Collate

from documents import contract, words
from documents.contract import Card, Draft, Order, Page, Place, Record, Usage, Version
from documents.models import Document, DocumentFile, DocumentVersion, DocumentWords
from tenants.context import current_tenant
from tenants.transactions import tenant_atomic

_COLUMNS = {"name": "named", "changed": "updated_at", "size": "large"}
#: How many documents are read at once while everything is copied out.
BATCH = 50


class RowStore:
    """The contract on the organization's own placement, wherever that is."""

    def __init__(self, organization_id: uuid.UUID) -> None:
        self.organization_id = organization_id

    def add(self, draft: Draft) -> Card:
        contract.must_be_in(self.organization_id)
        record = contract.begun(draft)
        try:
            with tenant_atomic():
                _write(record)
        except IntegrityError:
            if Document.everything.filter(id=draft.id).exists():
                raise contract.id_taken() from None
            raise
        return record.card

    def revise(self, document_id: uuid.UUID, text: str, *, expected: int, author_id: uuid.UUID) -> Card:
        text, moment = contract.clean_body(text), contract.now()
        version = Version(number=expected + 1, text=text, author_id=author_id, written_at=moment)
        with tenant_atomic():
            found = self._rows().filter(id=document_id, version=expected)
            if not found.update(version=F("version") + 1, size=version.size, updated_at=moment):
                self._row(document_id)
                raise contract.changed_meanwhile()
            _keep(document_id, version)
            row = self._row(document_id)
            _note_words(row.id, row.name, text)
        return _card(row)

    def card(self, document_id: uuid.UUID) -> Card:
        return _card(self._row(document_id))

    def cards(self, ids: Iterable[uuid.UUID], *, in_trash: bool = False) -> tuple[Card, ...]:
        rows = self._in_trash() if in_trash else self._rows()
        return tuple(_card(row) for row in rows.filter(id__in=list(ids)))

    def read(self, document_id: uuid.UUID, number: int | None = None) -> Version:
        row = self._row(document_id)
        found = _versions(row.id).filter(number=row.version if number is None else number).first()
        if found is None:
            raise contract.not_here()
        return _version(found)

    def list_folder(
        self,
        *,
        owner_id: uuid.UUID,
        folder_id: uuid.UUID | None,
        order: Order = Order.NAME,
        limit: int = 20,
        after: Place | None = None,
    ) -> Page:
        rows = self._rows().filter(owner_id=owner_id).filter(Q(folder=folder_id))
        return _page(rows, order=order, limit=limit, after=after)

    def list_owned(
        self,
        *,
        owner_id: uuid.UUID,
        order: Order = Order.CHANGED,
        limit: int = 20,
        after: Place | None = None,
    ) -> Page:
        return _page(self._rows().filter(owner_id=owner_id), order=order, limit=limit, after=after)

    def count_owned(self, owner_id: uuid.UUID) -> int:
        return self._all().filter(owner_id=owner_id).count()

    def list_trash(self, *, owner_id: uuid.UUID, limit: int = 20, after: Place | None = None) -> Page:
        rows = self._in_trash().filter(owner_id=owner_id)
        return _page(rows, order=Order.CHANGED, limit=limit, after=after)

    def trashed_before(self, moment: datetime, *, limit: int = 20) -> tuple[Card, ...]:
        rows = self._in_trash().filter(removed_at__lt=moment).order_by("removed_at", "id")
        return tuple(_card(row) for row in rows[:limit])

    def move(
        self, document_id: uuid.UUID, *, folder_id: uuid.UUID | None, seen: datetime | None = None
    ) -> Card:
        return self._change(self._rows(), document_id, seen, folder_id=folder_id)

    def rename(self, document_id: uuid.UUID, *, name: str, seen: datetime | None = None) -> Card:
        name = contract.clean_name(name)
        with tenant_atomic():
            card = self._change(
                self._rows(), document_id, seen, name=name, sort_name=contract.sort_name(name)
            )
            _note_words(card.id, name, self.read(card.id).text)
        return card

    def trash(self, document_id: uuid.UUID, *, by: uuid.UUID) -> Card:
        return self._change(self._rows(), document_id, removed_at=contract.now(), removed_by=by)

    def restore(self, document_id: uuid.UUID) -> Card:
        return self._change(self._in_trash(), document_id, removed_at=None, removed_by=None)

    def purge(self, document_id: uuid.UUID) -> None:
        with tenant_atomic():
            found = self._all().filter(id=document_id).select_for_update().first()
            if found is None:
                raise contract.not_here()
            if found.removed_at is None:
                raise contract.not_in_trash()
            found.delete()

    def search(
        self, question: str, *, owner_id: uuid.UUID | None = None, limit: int = 20
    ) -> tuple[Card, ...]:
        asked = words.asked(question)
        rows = self._rows() if owner_id is None else self._rows().filter(owner_id=owner_id)
        if not asked:
            return ()
        found = rows.filter(*(Q(searched__words__begins=word) for word in asked))
        return tuple(_card(row) for row in found.order_by("-updated_at", "-id")[: contract.within(limit)])

    def owners(self) -> dict[uuid.UUID, int]:
        counted = self._all().order_by().values("owner_id").annotate(number=Count("id"))
        return {one["owner_id"]: one["number"] for one in counted}

    def hand_over(self, owner_id: uuid.UUID, to: uuid.UUID, *, besides: Collection[uuid.UUID] = ()) -> int:
        rows = self._all().filter(owner_id=owner_id)
        return int(rows.exclude(id__in=list(besides)).update(owner_id=to))

    def usage(self) -> Usage:
        counted = self._all().aggregate(all=Count("id"), here=Count("id", filter=Q(removed_at=None)))
        kept = DocumentVersion.everything.aggregate(versions=Count("id"), bytes=Sum("size"))
        return Usage(
            documents=counted["here"],
            in_trash=counted["all"] - counted["here"],
            versions=kept["versions"],
            bytes=kept["bytes"] or 0,
        )

    def copy_out(self) -> Iterator[Record]:
        after = uuid.UUID(int=0)
        while rows := list(self._all().filter(id__gt=after).order_by("id")[:BATCH]):
            for row in rows:
                yield Record(_card(row), tuple(_version(one) for one in _versions(row.id).order_by("number")))
            after = rows[-1].id

    def put_back(self, record: Record) -> None:
        with tenant_atomic():
            self._all().filter(id=record.card.id).delete()
            _write(record)

    def erase(self) -> int:
        with tenant_atomic():
            _all, by_model = self._all().delete()
        return by_model.get(Document._meta.label, 0)

    def _rows(self) -> QuerySet[Document]:
        contract.must_be_in(self.organization_id)
        return Document.objects.all()

    def _all(self) -> QuerySet[Document]:
        """Those in the trash too."""
        contract.must_be_in(self.organization_id)
        return Document.everything.all()

    def _in_trash(self) -> QuerySet[Document]:
        return self._all().exclude(removed_at=None)

    def _row(self, document_id: uuid.UUID) -> Document:
        found = self._rows().filter(id=document_id).first()
        if found is None:
            raise contract.not_here()
        return found

    def _change(
        self, rows: QuerySet[Document], document_id: uuid.UUID, seen: datetime | None = None, **changes: Any
    ) -> Card:
        with tenant_atomic():
            found = rows.filter(id=document_id)
            as_seen = found if seen is None else found.filter(updated_at=seen)
            if not as_seen.update(**changes, updated_at=contract.now()):
                raise contract.changed_meanwhile() if found.exists() else contract.not_here()
            return _card(self._all().get(id=document_id))


def _page(rows: QuerySet[Document], *, order: Order, limit: int, after: Place | None) -> Page:
    limit, column = contract.within(limit), _COLUMNS[order.by]
    rows = _ordered_alike(rows) if order.by == "name" else rows
    if order.by == "size":
        rows = rows.annotate(large=_large())
    beyond, sign = ("gt", "") if order.ascending else ("lt", "-")
    if after is not None:
        level = Q(**{column: after.key}) & Q(**{f"id__{beyond}": after.id})
        rows = rows.filter(Q(**{f"{column}__{beyond}": after.key}) | level)
    found = list(rows.order_by(f"{sign}{column}", f"{sign}id")[: limit + 1])
    sizes = {row.id: vars(row)["large"] for row in found} if order.by == "size" else {}
    return contract.page_of([_card(row) for row in found], limit=limit, order=order, sizes=sizes)


def _large() -> Coalesce:
    """The size of the file; of what has none, that of its text."""
    file = DocumentFile.objects.filter(document_id=OuterRef("pk")).order_by().values("size")[:1]
    return Coalesce(Subquery(file), Cast("size", BigIntegerField()))


def _ordered_alike(rows: QuerySet[Document]) -> QuerySet[Document]:
    """Names by their letters' numbers: what several placements hold is one list, so all have to agree.

    A server's own order is that of its index, so it stays where nobody has to.
    """
    postgres = connections[rows.db].vendor == "postgresql"
    named = Collate("sort_name", "C") if current_tenant().mixed and postgres else F("sort_name")
    return rows.annotate(named=named)


def _versions(document_id: uuid.UUID) -> QuerySet[DocumentVersion]:
    return DocumentVersion.objects.filter(document_id=document_id)


def _write(record: Record) -> None:
    _row(record.card).save(force_insert=True)
    for version in record.versions:
        _keep(record.card.id, version)
    _note_words(record.card.id, record.card.name, record.versions[-1].text)


def _keep(document_id: uuid.UUID, version: Version) -> None:
    DocumentVersion(
        document_id=document_id,
        number=version.number,
        text=version.text,
        size=version.size,
        author_id=version.author_id,
        created_at=version.written_at,
        updated_at=version.written_at,
    ).save(force_insert=True)


def _note_words(document_id: uuid.UUID, name: str, text: str) -> None:
    found = words.searched(name, text)
    if not DocumentWords.objects.filter(document_id=document_id).update(words=found):
        DocumentWords(document_id=document_id, words=found).save(force_insert=True)


def _card(row: Document) -> Card:
    return Card(
        id=row.id,
        owner_id=row.owner_id,
        folder_id=row.folder_id,
        name=row.name,
        media_type=row.media_type,
        version=row.version,
        size=row.size,
        created_at=row.created_at,
        changed_at=row.updated_at,
        trashed_at=row.removed_at,
        trashed_by=row.removed_by,
    )


def _row(card: Card) -> Document:
    return Document(
        id=card.id,
        owner_id=card.owner_id,
        folder_id=card.folder_id,
        name=card.name,
        sort_name=contract.sort_name(card.name),
        media_type=card.media_type,
        version=card.version,
        size=card.size,
        created_at=card.created_at,
        updated_at=card.changed_at,
        removed_at=card.trashed_at,
        removed_by=card.trashed_by,
    )


def _version(row: DocumentVersion) -> Version:
    return Version(number=row.number, text=row.text, author_id=row.author_id, written_at=row.created_at)
