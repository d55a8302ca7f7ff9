"""What the API answers: shapes declared once, encoded by msgspec, told to OpenAPI by `schema`."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec


class Shape(msgspec.Struct, frozen=True, gc=False):
    """An answer. The fields are the JSON; the docstring is its description."""


class NameRef(Shape, frozen=True):
    """Something that has an id and a name."""

    id: uuid.UUID
    name: str


class Page(Shape, frozen=True):
    """A page of a list. `next` and `previous` are whole addresses, null where there is nothing more."""

    results: list[Any]
    next: str | None
    previous: str | None


class MergedPage(Page, frozen=True):
    """A page of what several placements hold. `silent` names those that did not answer: what they hold
    is missing, and is there again with the same request later.
    """

    silent: list[uuid.UUID]


class Trouble(Shape, frozen=True, omit_defaults=True):
    """`code` is for programs and stays; `message` is for people; quote `id` when you ask for help."""

    code: str
    message: str
    id: str
    field: str | None = None


class Error(Shape, frozen=True):
    """Every failure looks like this."""

    error: Trouble


_encoder = msgspec.json.Encoder(decimal_format="string")


def encode(shape: Shape) -> bytes:
    return _encoder.encode(shape)
