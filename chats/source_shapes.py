"""What questions bring and answers cite, in the shapes in which programs are told of them."""

from __future__ import annotations

import uuid

from chats.attached import Attached
from chats.sources import Source
from humana.api.shapes import Shape


class AttachmentShape(Shape, frozen=True):
    """A document that came with a question. Where it is not `available` to the caller any more, its name is
    empty. `state` is that of its file: received, extracting, indexing, ready or failed.
    """

    document_id: uuid.UUID
    name: str
    available: bool
    state: str


class CitationShape(Shape, frozen=True):
    """A passage that an answer cites as [`number`]: of "knowledge" or of a "document", whose `id` it is.

    `place` says where in it (`page:3`, `slide:2`, `sheet:Name!A1` or a heading), `ordinal` which passage,
    counted from 0. Where it is not `available` to the caller any more, title, place and quote are empty.
    """

    number: int
    kind: str
    id: uuid.UUID
    version: int
    ordinal: int
    title: str
    place: str
    quote: str
    available: bool


def attachment(one: Attached) -> AttachmentShape:
    return AttachmentShape(one.id, one.name, one.there, one.state)


def citation(one: Source) -> CitationShape:
    return CitationShape(
        one.number, one.kind, one.id, one.version, one.ordinal, one.title, one.place, one.quote, one.there
    )
