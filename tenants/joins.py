"""Who asks, read at every request: one statement with all that is joined, written once.

The ORM composes such a join anew each time, which costs ten times what reading it does. So cheap
that nothing of it is remembered: a key or a member is dead at the very next use.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db import connections, models, router

from tenants.models import ApiKey, Membership, Organization, Placement, User

_MEMBER = {"m": Membership, "u": User, "o": Organization, "p": Placement}
_KEY = {**_MEMBER, "k": ApiKey}
_JOINED = {
    "u": "u.id = m.user_id",
    "o": "o.id = m.organization_id",
    "p": "p.id = o.placement_id",
    "k": "k.membership_id = m.id",
}


class _Part(NamedTuple):
    """One table of a join: which columns of a row are its own, and which of them need translation."""

    model: type[models.Model]
    names: list[str]
    place: slice
    translated: list[tuple[int, Callable[..., Any]]]


class _Join:
    """Rows of some tables, each as an object of its model. Written when first needed."""

    def __init__(self, tables: Mapping[str, type[models.Model]]) -> None:
        self._tables = tables

    def first(self, condition: str, values: list[Any]) -> list[Any] | None:
        alias = router.db_for_read(Membership)
        with connections[alias].cursor() as cursor:
            cursor.execute(f"{self._select} WHERE {condition}", values)
            row = cursor.fetchone()
        return [self._build(part, row, alias) for part in self._parts] if row else None

    def _build(self, part: _Part, row: tuple[Any, ...], alias: str) -> Any:
        values = list(row[part.place])
        for index, translate in part.translated:
            values[index] = translate(values[index], None, connections[alias])
        return part.model.from_db(alias, part.names, values)

    @functools.cached_property
    def _parts(self) -> list[_Part]:
        parts, start = [], 0
        for model in self._tables.values():
            fields = model._meta.concrete_fields
            translated = [
                (n, one.from_db_value) for n, one in enumerate(fields) if hasattr(one, "from_db_value")
            ]
            place = slice(start, start + len(fields))
            parts.append(_Part(model, [one.attname for one in fields], place, translated))
            start = place.stop
        return parts

    @functools.cached_property
    def _select(self) -> str:
        """Names of our own models only; values are always passed beside it."""
        columns = [
            f'{letter}."{field.column}"'
            for letter, model in self._tables.items()
            for field in model._meta.concrete_fields
        ]
        tables = [
            f'"{model._meta.db_table}" {letter}' + (f" ON {_JOINED[letter]}" if letter in _JOINED else "")
            for letter, model in self._tables.items()
        ]
        return f"SELECT {', '.join(columns)} FROM {' JOIN '.join(tables)}"  # noqa: S608


_members, _keys = _Join(_MEMBER), _Join(_KEY)


def member_by_slug(user_id: uuid.UUID, slug: str) -> Membership | None:
    """The membership, with `user`, `organization` and its `placement` loaded."""
    row = _members.first("m.user_id = %s AND o.slug = %s", [user_id, slug])
    return _member(row) if row else None


def member_by_id(membership_id: uuid.UUID) -> Membership | None:
    row = _members.first("m.id = %s", [membership_id])
    return _member(row) if row else None


def key_by_digest(digest: str) -> ApiKey | None:
    """The key, with its `membership` and all of the above."""
    row = _keys.first("k.digest = %s", [digest])
    if row is None:
        return None
    key: ApiKey = row[4]
    key.membership = _member(row)
    return key


def _member(row: list[Any]) -> Membership:
    member: Membership = row[0]
    member.user, member.organization = row[1], row[2]
    member.organization.placement = row[3]
    return member
