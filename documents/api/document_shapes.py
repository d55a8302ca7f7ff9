"""Documents, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from rest_framework import serializers

from documents.contract import LARGEST_TEXT, LONGEST_NAME
from documents.listing import Row, state_of
from documents.problems import problem_words
from documents.store import Card
from humana.api.filters import Filter
from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import Shape


class DocumentShape(Shape, frozen=True):
    """A document. `media_type` follows from its content, `size` is bytes of the file or of a note's text.

    `state` is received, extracting, indexing, ready or failed, with `progress` of a hundred; `problem` is a
    code and `message` the same for people. `version` counts the texts. `cut` says that only the beginning
    of its text was read. `digest` is SHA-256 of the file; a note has none.
    """

    id: uuid.UUID
    name: str
    folder_id: uuid.UUID | None
    owner_id: uuid.UUID
    media_type: str
    size: int
    digest: str | None
    state: str
    progress: int
    problem: str | None
    message: str | None
    passages: int | None
    cut: bool
    version: int
    created_at: datetime
    changed_at: datetime
    trashed_at: datetime | None


class TextShape(Shape, frozen=True):
    """What a document says, in its latest version; empty until its file was read."""

    version: int
    text: str
    written_at: datetime


class PassageShape(Shape, frozen=True):
    """A passage, as answers cite it. `place` is where it stands: `page:3`, `slide:2`, or a heading."""

    ordinal: int
    place: str
    text: str


class DocumentLinkShape(Shape, frozen=True):
    """An address that gives the file out, as one to keep, to whoever has it and for a short while."""

    url: str


class DocumentChanges(Input):
    """Its name, which keeps its ending, and its folder; null is none."""

    name = Text(max_length=LONGEST_NAME, required=False)
    folder_id = IdOf(required=False, allow_null=True)


class DocumentInput(Input):
    """A file, sent as multipart/form-data, or the text of a note in Markdown, sent as JSON with its name.

    It is kept where its folder is, or the companion that is named, or else in the organization's main place.
    """

    file = serializers.FileField(required=False, allow_empty_file=True)
    name = Text(max_length=LONGEST_NAME, required=False)
    text = Text(max_length=LARGEST_TEXT, required=False)
    folder_id = IdOf(required=False, allow_null=True)
    companion_id = IdOf(required=False, allow_null=True)


class Words(Filter):
    """Words that the name or the text says."""

    schema = {"type": "string", "format": "words", "maxLength": 200}

    @property
    def sentence(self) -> str:
        from django.utils.translation import gettext as _

        return _("Send words, at most 200 characters.")

    def parse(self, text: str) -> str:
        if not text.strip() or len(text) > 200 or "\x00" in text:
            raise ValueError(text)
        return text


def document(row: Row) -> DocumentShape:
    card, file = row
    return DocumentShape(
        id=card.id,
        name=card.name,
        folder_id=card.folder_id,
        owner_id=card.owner_id,
        media_type=card.media_type,
        size=file.size if file else card.size,
        digest=file.digest if file else None,
        state=state_of(file),
        progress=file.progress if file else 100,
        problem=(file.problem or None) if file else None,
        message=(problem_words(file.problem) or None) if file else None,
        passages=file.passages if file else None,
        cut=file.cut if file else False,
        version=card.version,
        created_at=card.created_at,
        changed_at=card.changed_at,
        trashed_at=card.trashed_at,
    )


def seen(card: Card) -> int:
    """What conditions of a change compare: it moves on with every change of the card or the text."""
    return int(card.changed_at.timestamp() * 1000)
