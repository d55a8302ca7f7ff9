"""Sizes, lengths of time and counts as people read them, in their language: all of the house in one place."""

from __future__ import annotations

import re
from decimal import Decimal

from django.template.defaultfilters import filesizeformat
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_SIZE = re.compile(r"(?P<number>[0-9]{1,12}(?:[.,][0-9]{1,3})?)\s*(?P<unit>[kKmMgG])[iI]?[bB]")
_PART = re.compile(r"([0-9]{1,9})\s*(s|seg|min|h|d|days?|dias?)\b")
_DURATION = re.compile(rf"(?:{_PART.pattern.replace('(', '(?:')}\s*)+")
#: By the letter that a unit begins with, in seconds.
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
#: Lengths of time that have a word, in seconds, the longest first.
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def count(value: float, decimals: int | None = None) -> str:
    """A number with its thousands apart: 16.000 or 16,000; no more decimals than it has unless told."""
    if decimals is None and isinstance(value, float) and value.is_integer():
        decimals = 0
    return number_format(value, decimals, force_grouping=True)


def size(octets: int) -> str:
    """Bytes as KB, MB or GB, with a decimal where there is one: what a person compares with a file."""
    return filesizeformat(octets).replace(f"{get_format('DECIMAL_SEPARATOR')}0\u00a0", "\u00a0")


def read_size(text: str) -> int | None:
    """Bytes from what a person typed, such as “50 MB” or “1,5 GB”; None where it names no unit."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    return int(Decimal(found["number"].replace(",", ".")) * 1024 ** (" KMG".index(found["unit"][0].upper())))


def duration(seconds: float, *, exact: bool = False) -> str:
    """Seconds as people say them, in at most two words unless `exact`: “1 min 30 s”, “3 days 4 h”.

    A part of a second is shown where there is nothing larger.
    """
    if seconds < _MINUTE:
        whole = seconds == int(seconds)
        return _("%(number)s s") % {"number": count(int(seconds) if whole else seconds, 0 if whole else 1)}
    left, words = round(seconds), []
    for length in (_DAY, _HOUR, _MINUTE, 1):
        number, left = divmod(left, length)
        if number:
            words.append(_spelled(number, length))
    return " ".join(words if exact else words[:2])


def read_duration(text: str) -> int | None:
    """Seconds from what a person typed in either language, such as “1 min 30 s” or “3 dias”; None where it
    names no unit.
    """
    told = text.strip().lower()
    if not _DURATION.fullmatch(told):
        return None
    return sum(int(number) * _UNITS[unit[0]] for number, unit in _PART.findall(told))


def _spelled(number: int, length: int) -> str:
    if length == _DAY:
        return ngettext("%(number)s day", "%(number)s days", number) % {"number": count(number)}
    unit = {_HOUR: _("%(number)s h"), _MINUTE: _("%(number)s min"), 1: _("%(number)s s")}[length]
    return unit % {"number": count(number)}
