"""A row as any engine would write it down, so that digests of different engines are comparable."""

from __future__ import annotations

import json
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tenants.db.copying.sides import Bucket, Buckets
from tenants.db.copying.tables import Table

#: Values of a table's columns, in their order, as Python has them.
Row = Sequence[Any]


def digest_of(table: Table, row: Row) -> bytes:
    written = [_plain(field, value) for field, value in zip(table.fields, row, strict=True)]
    text = json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def buckets_of(table: Table, rows: Iterable[Row], bounds: Sequence[uuid.UUID]) -> Buckets:
    """Digests that do not depend on the order in which an engine gives its rows."""
    counted: dict[int, int] = {}
    summed: dict[int, int] = {}
    key = table.columns.index("id")
    for row in rows:
        number = bisect_right(bounds, row[key])
        counted[number] = counted.get(number, 0) + 1
        summed[number] = (summed.get(number, 0) + int.from_bytes(digest_of(table, row))) % 2**256
    return {number: Bucket(counted[number], summed[number].to_bytes(32)) for number in counted}


def _plain(field: Any, value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.quantize(Decimal(1).scaleb(-field.decimal_places)), "f")
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value
