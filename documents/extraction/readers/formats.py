"""How cells show their numbers: days and times are numbers, and their format alone says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from documents.extraction.readers.markup import Attributes, Handler

#: Formats that every program knows by number.
_DAYS, _TIMES, _BOTH, _PERCENT = (14, 15, 16, 17), (18, 19, 20, 21, 45, 46, 47), (22,), (9, 10)
_KNOWN = {
    **dict.fromkeys(_DAYS, "yyyy-mm-dd"), **dict.fromkeys(_TIMES, "hh:mm"),
    **dict.fromkeys(_BOTH, "yyyy-mm-dd hh:mm"), **dict.fromkeys(_PERCENT, "0%"),
}  # fmt: skip
#: Formats of one book that are kept.
MOST = 65_000
#: What stands in quotes, in brackets or after a backslash is shown, and says nothing of the number.
_ASIDE = re.compile(r'"[^"]*"|\[(?![hms]+\])[^\]]*\]|\\.|_.|\*.|AM/PM|A/P', re.IGNORECASE)
_DAY, _TIME = re.compile(r"[yd]|^[^hs]*m[^hs]*$", re.IGNORECASE), re.compile(r"[hs]", re.IGNORECASE)
_LAST_DAY = 2_958_465


class Formats(Handler):
    """The formats of a book: cells name a style, styles a format."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = dict(_KNOWN)
        self._styles: list[int] = []
        self._within = False

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "s:numFmt" and len(self._codes) < MOST:
            self._codes[_whole(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")[:255]
        elif name == "s:cellXfs":
            self._within = True
        elif name == "s:xf" and self._within and len(self._styles) < MOST:
            self._styles.append(_whole(attributes.get("numFmtId", "")))

    def end(self, name: str) -> None:
        if name == "s:cellXfs":
            self._within = False

    def code_of(self, style: int) -> str:
        return self._codes.get(self._styles[style], "") if style < len(self._styles) else ""


def shown(said: str, code: str, *, from_1904: bool = False) -> str:
    """A number as its cell shows it: a day as 2026-11-27, a share as 12.5%, any other as it is."""
    number = _float(said)
    if number is None or not code:
        return _plain(said, number)
    bare = _ASIDE.sub("", code.partition(";")[0])
    if "%" in bare:
        return f"{_plain('', round(number * 100, 6))}%"
    day, time = _DAY.search(bare) is not None, _TIME.search(bare) is not None
    if (day or time) and 0 <= number <= _LAST_DAY:
        return _moment(number, day=day, time=time, from_1904=from_1904)
    return _plain(said, number)


def _moment(number: float, *, day: bool, time: bool, from_1904: bool) -> str:
    start = datetime(1904, 1, 1, tzinfo=UTC) if from_1904 else _eve(number)
    moment = start + timedelta(seconds=round(number * 86_400))
    if not day:
        hours = round(number * 86_400) // 3_600
        return f"{hours:02}:{moment:%M:%S}".removesuffix(":00")
    exact = moment.hour or moment.minute or moment.second
    return f"{moment:%Y-%m-%d %H:%M}" if time and exact else f"{moment:%Y-%m-%d}"


def _eve(number: float) -> datetime:
    """Days are counted from an eve of 1900, which has a 29th of February that never was."""
    return datetime(1899, 12, 30 if number >= 60 else 31, tzinfo=UTC)


def _plain(said: str, number: float | None) -> str:
    """Without the noise of binary fractions: 0.1 + 0.2 is 0.3."""
    if number is None:
        return said
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.12g}"


def _float(said: str) -> float | None:
    try:
        number = float(said) if len(said) < 40 else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < 1e300 else None


def _whole(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
