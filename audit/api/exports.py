"""The trail as a file: CSV that no spreadsheet takes for formulas, or a JSON line each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from audit.api.serializers import COLUMNS, entry_of
from audit.cells import safe_cell
from humana.api.shapes import encode


def as_csv(rows: Iterable[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def as_ndjson(rows: Iterable[tuple[Any, ...]]) -> bytes:
    return b"".join(encode(entry_of(row)) + b"\n" for row in rows)
