"""What an address may ask: each parameter declared, parsed, and told to OpenAPI. The rest is refused."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid

FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)
_ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Filter:
    """One parameter. `parse` raises ValueError for anything that is not one of its values."""

    help: str

    @property
    def schema(self) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """What to send instead."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        raise NotImplementedError


class Id(Filter):
    schema = {"type": "string", "format": "uuid"}

    @property
    def sentence(self) -> str:
        return _("Send the id of one object.")

    def parse(self, text: str) -> uuid.UUID:
        if not _ID.match(text):
            raise ValueError(text)
        return uuid.UUID(text)


class Flag(Filter):
    schema = {"type": "boolean"}

    @property
    def sentence(self) -> str:
        return _("Send true or false.")

    def parse(self, text: str) -> bool:
        return {"true": True, "1": True, "false": False, "0": False}[text]


@dataclass(frozen=True)
class Choice(Filter):
    values: tuple[str, ...]

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}

    @property
    def sentence(self) -> str:
        return _("Send one of: %(values)s.") % {"values": ", ".join(self.values)}

    def parse(self, text: str) -> str:
        if text not in self.values:
            raise ValueError(text)
        return text


class Name(Filter):
    """A dotted name of ours, such as an action of the trail."""

    schema = {"type": "string", "pattern": r"^[A-Za-z0-9_.:-]{1,80}$"}

    @property
    def sentence(self) -> str:
        return _("Send a name made of letters, digits, dots, hyphens and underscores.")

    def parse(self, text: str) -> str:
        if not re.match(r"^[A-Za-z0-9_.:-]{1,80}\Z", text):
            raise ValueError(text)
        return text


class Words(Filter):
    """What a person would write into a search box."""

    schema = {"type": "string", "minLength": 1, "maxLength": 200}

    @property
    def sentence(self) -> str:
        return _("Send some words, 200 characters at most.")

    def parse(self, text: str) -> str:
        if not text.strip() or len(text) > 200 or "\x00" in text:
            raise ValueError(text)
        return text


class Moment(Filter):
    schema = {"type": "string", "format": "date-time"}

    @property
    def sentence(self) -> str:
        return _("Send a time with its zone, such as 2026-01-31T12:00:00Z.")

    def parse(self, text: str) -> datetime:
        found = parse_datetime(text) if text.isascii() and len(text) <= 40 else None
        if found is None or found.tzinfo is None or not 1970 <= found.year <= 9000:
            raise ValueError(text)
        return found


@dataclass(frozen=True)
class Day(Filter):
    schema = {"type": "string", "format": "date"}

    @property
    def sentence(self) -> str:
        return _("Give a day such as 2026-01-31.")

    def parse(self, text: str) -> date:
        found = parse_date(text) if text.isascii() and len(text) == 10 else None
        if found is None or not FIRST <= found <= LAST:
            raise ValueError(text)
        return found


def asked(query: QueryDict, allowed: Mapping[str, Filter], also: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters that were sent, parsed. Invalid names the first that is unknown, doubled or wrong."""
    found: dict[str, Any] = {}
    for name, values in query.lists():
        if name in also and len(values) == 1:
            continue
        if name not in allowed or len(values) != 1:
            known = name in {*allowed, *also}
            message = _("Send it once.") if known else _("There is no such parameter here.")
            raise Invalid(message, field=name[:80], code="bad_parameter")
        try:
            found[name] = allowed[name].parse(values[0])
        except (ValueError, KeyError):
            raise Invalid(allowed[name].sentence, field=name, code="bad_parameter") from None
    return found
