"""The trail as a file: CSV that no spreadsheet takes for formulas, or a JSON line each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from audit.api.serializers import COLUMNS, entry_of
from humana.api.shapes import encode

#: What a spreadsheet may read as a formula, also behind quotes and blanks, also in full width.
_FORMULA = re.compile(r"^[\s\"'`\u00a0\u200b\ufeff]*[=+\-@\t\r\n|%＝＋－＠]|^[\t\r\n]")


def as_csv(rows: Iterable[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def as_ndjson(rows: Iterable[tuple[Any, ...]]) -> bytes:
    return b"".join(encode(entry_of(row)) + b"\n" for row in rows)


def safe_cell(value: object) -> str:
    """The value as text; an apostrophe in front keeps what looks like a formula from being one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"'{text}" if _FORMULA.match(text) else text
