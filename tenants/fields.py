"""Fields that a regulation may ask to seal, and references that carry the organization."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from humana.kernel.crypto import CannotOpen

_MARK = "\x01"
_CLEAR = _MARK + "c"


class ProtectedTextField(models.TextField):  # type: ignore[type-arg]
    """Text kept clear, or sealed where the organization's regulation asks for it.

    A stored value that begins with \\x01 says in the next character how it is held; anything else
    is clear text, as is. No index and no search on such a column: search reads a table of its own.
    A version this code does not know is refused, never shown as text.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return _CLEAR + value if isinstance(value, str) and value.startswith(_MARK) else value

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        if value is None or not value.startswith(_MARK):
            return value
        if not value.startswith(_CLEAR):
            raise CannotOpen(f"{self.model._meta.label}.{self.name} is sealed in an unknown way")
        return value[len(_CLEAR) :]


class ProtectedJSONField(ProtectedTextField):
    """The same for what is a structure: one JSON text, in which the database looks for nothing."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(None if value is None else json.dumps(value, ensure_ascii=False))

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        text = super().from_db_value(value, expression, connection)
        return None if text is None else json.loads(text)


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference inside the tenant plane.

    Carries no database constraint or index of its own: IsolateTables adds the composite one with
    the organization, so no row can point at another organization's row.
    """

    def __init__(self, to: Any, on_delete: Any = models.CASCADE, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs["db_index"] = False
        super().__init__(to, on_delete, **kwargs)
