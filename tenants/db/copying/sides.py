"""A side of a copy: where one organization's rows are read, or written."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from django.db import connections

from tenants.context import TenantContext, use_tenant
from tenants.db.copying.tables import Table


@dataclass(frozen=True, slots=True)
class Bucket:
    """Neighbouring rows: how many, and a digest over all of them in order.

    `mark` stays the same on a side for as long as nobody wrote any of them there. It is cheap, and
    means nothing on another side; None where an engine has no such thing.
    """

    rows: int
    digest: bytes
    mark: Decimal | None = field(default=None, compare=False)


Buckets = dict[int, Bucket]


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows with these ids, or else those from `first` up to, but without, `end`; None is open."""

    ids: Sequence[uuid.UUID] | None = None
    first: uuid.UUID | None = None
    end: uuid.UUID | None = None

    @classmethod
    def between(cls, bounds: Sequence[uuid.UUID], first: int, last: int) -> Slice:
        """Buckets `first` to `last`: bucket n begins at bound n-1, as PostgreSQL's width_bucket has it."""
        return cls(
            first=bounds[first - 1] if first > 0 else None, end=bounds[last] if last < len(bounds) else None
        )


class Side(Protocol):
    """Two sides of one kind understand each other: the same rows have the same digests on both."""

    def reading(self) -> AbstractContextManager[None]:
        """One snapshot for all that is read within."""

    def writing(self) -> AbstractContextManager[None]:
        """One transaction; references are checked at its end."""

    def count(self, table: Table) -> int: ...

    def bounds(self, table: Table, size: int) -> list[uuid.UUID]:
        """Ids that part the table's rows into buckets of `size`."""

    def buckets(
        self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int] | None = None
    ) -> Buckets:
        """Digests; a bucket without rows is not among them."""

    def marks(self, table: Table, bounds: Sequence[uuid.UUID]) -> dict[int, Decimal]:
        """The mark of each bucket that has rows, without reading them."""

    def rows(self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int]) -> dict[uuid.UUID, bytes]:
        """The digest of each single row of these buckets."""

    def take(self, table: Table, source: Any, part: Slice) -> None:
        """Write rows of the other side, which are not here yet."""

    def remove(self, table: Table, ids: Sequence[uuid.UUID]) -> None: ...

    def close(self) -> None: ...


@contextmanager
def both_sides(source: TenantContext, target: TenantContext) -> Iterator[tuple[Side, Side]]:
    """The same organization at two placements, as the owners of its tables; closed at the end."""
    from tenants.db.copying import portable
    from tenants.db.copying.postgres import PostgresSide

    native = _is_postgresql(source) and _is_postgresql(target)
    opened: Callable[[TenantContext], Side] = PostgresSide.open if native else portable.opened
    with closing(opened(source)) as here, closing(opened(target)) as there:
        yield here, there


def _is_postgresql(context: TenantContext) -> bool:
    with use_tenant(context):
        return bool(connections[context.placement.alias].vendor == "postgresql")
