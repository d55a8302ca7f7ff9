"""Passages of what companions are told: kept with the text itself, and given their meaning afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from documents import words
from documents.languages import language_of
from documents.locating import written
from documents.models import Chunk
from documents.passages import Passage, split
from documents.services.vectors import embed
from tenants.transactions import tenant_atomic

#: Characters of a source's title that are kept with each passage.
LONGEST_TITLE = 200
#: How `described` makes what is kept beside a text: raised with every change, so that what was made before is
#: made anew (`documents.services.rewriting`).
FORM = 1


def keep_passages(*, kind: str, source_id: uuid.UUID, version: int, title: str, text: str) -> int:
    """The passages of a text instead of those that were there; see `write_passages`."""
    return write_passages(kind, source_id, version, split(text), title=title)


def write_passages(
    kind: str, source_id: uuid.UUID, version: int, passages: Iterable[Passage], *, title: str = ""
) -> int:
    """Instead of those that were there, all or nothing; how many. Found by words at once."""
    rows = [
        Chunk(
            source_kind=kind,
            source_id=source_id,
            source_version=version,
            ordinal=number,
            place=one.place,
            text=one.text,
            **described(title, one.place, one.text),
        )
        for number, one in enumerate(passages)
    ]
    with tenant_atomic():
        drop_passages(kind=kind, source_id=source_id)
        Chunk.objects.bulk_create(rows, batch_size=200)
    return len(rows)


def described(title: str, place: str, text: str) -> dict[str, Any]:
    """What is kept beside a passage's text to find it by, by the names of the columns."""
    return {
        "title": title[:LONGEST_TITLE],
        "language": language_of(text) or language_of(f"{title} {place}"),
        "words": words.searched(title, written(place), text),
        "form": FORM,
    }


def drop_passages(*, kind: str, source_id: uuid.UUID) -> None:
    Chunk.objects.filter(source_kind=kind, source_id=source_id).delete()


def embed_passages(kind: str, source_id: uuid.UUID) -> int:
    """Vectors for the passages that have none of the model in use; how many got one.

    May be run again after whatever died. No connection is held while the model works. Raises
    EndpointError; what was done until then is kept.
    """
    return embed(Chunk.objects.filter(source_kind=kind, source_id=source_id))
