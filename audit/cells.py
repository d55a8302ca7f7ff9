"""Cells of files for spreadsheets: text stays text."""

from __future__ import annotations

import json
import re
from datetime import datetime

#: What a spreadsheet may read as a formula, also behind quotes and blanks, also in full width.
_FORMULA = re.compile(r"^[\s\"'`\u00a0\u200b\ufeff]*[=+\-@\t\r\n|%＝＋－＠]|^[\t\r\n]")


def safe_cell(value: object) -> str:
    """The value as text; an apostrophe in front keeps what looks like a formula from being one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"'{text}" if _FORMULA.match(text) else text
