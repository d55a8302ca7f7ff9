"""JSON from strangers, read strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser, MultiPartParser

from humana.kernel.errors import Invalid

#: Nesting no honest client of ours needs.
MOST_DEPTH = 32
#: Digits of the longest integer anything of ours can hold.
MOST_DIGITS = 20


class TooLarge(Invalid):
    """The body is longer than we read."""

    status, default_code = 413, "too_large"


class StrictJSONParser(BaseParser):
    """An object in UTF-8: not too deep, no NUL, no lone surrogates, no duplicate keys, no NaN."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return parse_json(stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))


class FileParser(MultiPartParser):
    """`multipart/form-data`: each field once, files among them. A view that takes a file names it."""

    def parse(  # type: ignore[override]
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        told = super().parse(stream, media_type, parser_context)
        lists = [*told.data.lists(), *told.files.lists()]
        if any(len(values) != 1 for _name, values in lists) or len({name for name, _ in lists}) != len(lists):
            raise Invalid(_("Send each field once."), code="bad_parameter")
        for name, values in lists:
            _inspect(name, 1)
            _inspect(values[0], 1)
        return {name: values[0] for name, values in lists}


def parse_json(body: bytes) -> dict[str, Any]:
    """The object in `body`, or Invalid with a sentence. No body at all is an empty object."""
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooLarge(_("The request is too large."))
    if not body.strip():
        return {}
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_refuse,
            parse_int=_int,
            parse_float=_float,
        )
    except (ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(value, dict):
        raise Invalid(_("Send a JSON object."), code="malformed_json")
    _inspect(value, MOST_DEPTH)
    return value


def _malformed() -> Invalid:
    return Invalid(_("The request is not well-formed JSON."), code="malformed_json")


def _inspect(value: object, levels: int) -> None:
    """Refuse what is nested too deep, and text that PostgreSQL or JSON could not carry."""
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, dict | list):
        if levels == 0:
            raise _malformed()
        for name in value if isinstance(value, dict) else ():
            _storable(name)
        for one in value.values() if isinstance(value, dict) else value:
            _inspect(one, levels - 1)


def _storable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _unstorable() from None
    if "\x00" in text:
        raise _unstorable()


def _unstorable() -> Invalid:
    return Invalid(_("The text contains characters that cannot be stored."), code="bad_characters")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _int(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("number too large")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits) if len(digits) <= 2 * MOST_DIGITS else math.inf
    if not math.isfinite(number):
        raise ValueError("number too large")
    return number
