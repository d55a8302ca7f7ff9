"""Passages of what companions are told: kept with the text itself, and given their meaning afterwards."""

from __future__ import annotations

import uuid

from documents import words
from documents.finding import model_key
from documents.meaning import vectors_of
from documents.models import Chunk
from documents.passages import split
from tenants.transactions import tenant_atomic

#: Passages whose meaning is asked for at once.
BATCH = 32


def keep_passages(*, kind: str, source_id: uuid.UUID, version: int, title: str, text: str) -> int:
    """Instead of those that were there, in the caller's transaction; how many. Found by words at once."""
    drop_passages(kind=kind, source_id=source_id)
    rows = [
        Chunk(
            source_kind=kind,
            source_id=source_id,
            source_version=version,
            ordinal=number,
            place=one.place,
            text=one.text,
            words=words.searched(title, one.place, one.text),
        )
        for number, one in enumerate(split(text))
    ]
    Chunk.objects.bulk_create(rows, batch_size=200)
    return len(rows)


def drop_passages(*, kind: str, source_id: uuid.UUID) -> None:
    Chunk.objects.filter(source_kind=kind, source_id=source_id).delete()


def give_meaning(*, kind: str, source_id: uuid.UUID) -> int:
    """Vectors for the passages that have none; how many got one. May be run again after whatever died.

    No connection is held while the model works. Raises EndpointError; what was done until then is kept.
    """
    done = 0
    while some := _without(kind, source_id):
        told = vectors_of([f"{place}\n{text}".strip() for _key, place, text in some])
        with tenant_atomic():
            for (key, _place, _text), vector in zip(some, told.vectors, strict=True):
                named = model_key(told.model, told.dims)
                done += Chunk.objects.filter(id=key, vector=None).update(
                    vector=vector.astype("<f4").tobytes(), vector_model=named
                )
    return done


def _without(kind: str, source_id: uuid.UUID) -> list[tuple[uuid.UUID, str, str]]:
    rows = Chunk.objects.filter(source_kind=kind, source_id=source_id, vector=None).order_by("ordinal")
    return list(rows.values_list("id", "place", "text")[:BATCH])
