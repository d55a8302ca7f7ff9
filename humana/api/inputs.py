"""What a body may say: declared fields of the declared types, and nothing else."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from humana.kernel.errors import Invalid

_ID = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")


class Input(serializers.Serializer[Any]):
    """A body. A field nobody declared is refused by name, so nothing can be assigned by guessing.

    Subclasses declare fields; keys, organizations and owners are never among them.
    """

    def to_internal_value(self, data: Any) -> Any:
        for name in data:
            if name not in self.fields:
                raise Invalid(_("There is no such field here."), field=str(name)[:80], code="unknown_field")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string as it was typed: numbers are not text, and no white space is trimmed."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """JSON's true or false; no other spelling."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:80])
        return data


class IdOf(serializers.UUIDField):
    """The id of an object, written as we write it."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or not _ID.match(data):
            self.fail("invalid", value=str(data)[:80])
        return uuid.UUID(data)


def read(kind: type[Input], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """The validated fields that were sent (with `partial`) or that the input has."""
    given = kind(data=data, partial=partial)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
