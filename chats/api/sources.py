"""What questions bring and answers cite, as the API tells it: as it is for the caller now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from chats.attached import Attached, attached_to
from chats.sources import Source, sources_of
from humana.api.shapes import Shape
from tenants.models import Membership


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


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside messages, by their ids."""

    attachments: dict[uuid.UUID, list[AttachmentShape]] = field(default_factory=dict)
    citations: dict[uuid.UUID, list[CitationShape]] = field(default_factory=dict)


def beside(member: Membership, message_ids: Sequence[uuid.UUID]) -> Beside:
    return Beside(
        {one: list(map(_attachment, found)) for one, found in attached_to(member, message_ids).items()},
        {one: list(map(citation, found)) for one, found in sources_of(member, message_ids).items()},
    )


def _attachment(one: Attached) -> AttachmentShape:
    return AttachmentShape(one.id, one.name, one.there, one.state)


def citation(one: Source) -> CitationShape:
    return CitationShape(
        one.number, one.kind, one.id, one.version, one.ordinal, one.title, one.place, one.quote, one.there
    )
