"""What an entry of the trail tells beside what happened: its details as pairs that a person can read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.budget_words import priced
from audit.fact_words import BUILT_IN, FIELDS, KINDS, LANGUAGES
from audit.models import AuditEntry
from humana.kernel.errors import Invalid
from humana.kernel.measures import count, duration, size
from humana.kernel.text import is_id, said_when
from humana.kernel.trail_words import codes
from humana.kernel.zones import zone_name
from tenants.config.catalogue import LAYER_LABELS, config_keys
from tenants.permissions import BUILT_IN_ROLES, permissions

#: Details that hold what was before and what came then, where they hold both.
SIDES = (("before", "after"), ("was", "now"))
#: Details that list what changed, by the names of fields.
LISTS_OF_FIELDS = frozenset({"changed", "fields"})
#: Details that hold a code, for which there may be words.
CODED = frozenset(
    [
        "check",
        "code",
        "door",
        "error",
        "form",
        "format",
        "kind",
        "level",
        "mode",
        "outcome",
        "reason",
        "right",
        "rights",
        "sections",
        "stage",
        "way",
        "what",
    ]
)
#: Characters of a short name that is looked up.
LONGEST_NAME = 80
#: What something is called by, the nearest first.
CALLED = ("name", "title", "email", "endpoint", "tool")


class Fact(NamedTuple):
    """`before` is None where nothing is said of it."""

    label: str
    text: str
    before: str | None = None


def kind_of(resource_type: str) -> str:
    """What an entry is about, in one or two words; the code itself where there are none."""
    model = _model(resource_type)
    return str(KINDS.get(resource_type) or (model._meta.verbose_name if model else resource_type))


def name_of(entry: AuditEntry, names: Mapping[str, str]) -> str:
    """What it is about, by name, as far as the entry tells or the reader may see it; empty otherwise."""
    if entry.resource_type == "config":
        return str(config_keys.get(entry.resource_id).label) if entry.resource_id in config_keys else ""
    told = payload_of(entry)
    called = next((str(told[one]) for one in CALLED if told.get(one)), "")
    return names.get(entry.resource_id) or str(BUILT_IN.get(called, called))


def payload_of(entry: AuditEntry) -> dict[str, Any]:
    try:
        found = json.loads(entry.payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def references_in(entries: Collection[AuditEntry]) -> set[str]:
    """Everything that the details name by an id, or by a short name."""
    found = set()
    for one in entries:
        found.add(one.resource_id)
        for key, value in _leaves(payload_of(one)):
            if isinstance(value, str) and len(value) <= LONGEST_NAME and value.isprintable():
                found.add(value if is_id(value) else f"{key} {value}")
    return found


def facts_of(entry: AuditEntry, names: Mapping[str, str]) -> list[Fact]:
    """The details in words, what changed first."""
    told = payload_of(entry)
    if entry.resource_type == "config":
        return _setting(entry, told, names)
    reader = _Reader(entry.resource_type, told, names)
    changes = [Fact(reader.label(key), reader.text(key, after), reader.text(key, before))
               for key, before, after in _changes(told)]  # fmt: skip
    return changes + [
        Fact(reader.label(key), reader.text(key, value))
        for key, value in told.items()
        if value not in (None, "", [], {})
    ]


def _changes(told: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What was before and what is now, taken out of what is told."""
    for former, latter in SIDES:
        before, after = told.pop(former, None), told.pop(latter, None)
        if isinstance(before, str) and "role" in told:
            before = {"role": before}  # of a member only the role is kept as it was
        if not isinstance(before, dict):
            continue
        after = after if isinstance(after, dict) else {one: told.pop(one, None) for one in before}
        yield from ((one, before.get(one), after.get(one)) for one in {**before, **after}
                    if before.get(one) != after.get(one))  # fmt: skip
    for key in [
        one for one, value in told.items() if isinstance(value, dict) and set(value) == {"from", "to"}
    ]:
        value = told.pop(key)
        yield key, value["from"], value["to"]


def _setting(entry: AuditEntry, told: dict[str, Any], names: Mapping[str, str]) -> list[Fact]:
    """Of a setting, as the page of the configuration shows it."""
    kind = config_keys.get(entry.resource_id).kind if entry.resource_id in config_keys else None
    reader = _Reader("config", told, names)
    before, after = (one if isinstance(one := told.get(side), dict) else {} for side in SIDES[0])

    def shown(part: str, said: dict[str, Any]) -> str:
        if part not in said:
            return _("no") if part == "locked" else _("not set here")
        value = said[part]
        if part == "locked" or kind is None or kind.secret:
            return reader.text(part, value)
        try:
            return kind.shown(kind.check(value))
        except Invalid:  # a key may take other values today than when this was written
            return reader.text(part, value)

    parts = [one for one in ("value", "locked", "cap", "floor") if before.get(one) != after.get(one)]
    found = [Fact(reader.label(one), shown(one, after), shown(one, before)) for one in parts]
    return found + [Fact(reader.label(one), reader.text(one, told[one]))
                    for one in ("layer", "subject") if told.get(one)]  # fmt: skip


class _Reader:
    """Puts names of details and their values into words; `about` is the kind of thing the entry is about."""

    def __init__(self, about: str, told: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self.about, self.told, self.names = about, dict(told), names

    def label(self, key: str) -> str:
        field = _field(self.about, key)
        return capfirst(str(FIELDS.get(key) or (field.verbose_name if field else key.replace("_", " "))))

    def text(self, key: str, value: Any) -> str:
        match value:
            case None | "" | [] | {}:
                return "–"
            case bool():
                return _("yes") if value else _("no")
            case int() | float():
                return _number(key, value)
            case list():
                return ", ".join(self._listed(key, one) for one in value)
            case dict():
                return "; ".join(f"{self.label(one)}: {self.text(one, its)}" for one, its in value.items())
        return self._said(key, str(value))

    def _listed(self, key: str, value: Any) -> str:
        if key in LISTS_OF_FIELDS:
            return self.label(str(value)).lower()
        return self.text(key, value)

    def _said(self, key: str, value: str) -> str:
        if key == "amount" and self.about == "budget":
            return self._amount(value)
        if is_id(value):
            return self.names.get(value) or f"…{value[-6:]}"
        choice = self._choice(key, value)
        if choice:
            return choice
        return self.names.get(f"{key} {value}") or _moment(value) or value

    def _choice(self, key: str, value: str) -> str:
        """Of one of a few values, its label; empty where it is none."""
        if key == "layer" and value in LAYER_LABELS:
            return str(LAYER_LABELS[value])
        if key == "language" and value in LANGUAGES:
            return LANGUAGES[value]
        if key == "role" and value in BUILT_IN_ROLES and self.about != "endpoint":
            return str(BUILT_IN_ROLES[value])
        if key == "time_zone":
            return zone_name(value)
        if key == "endpoint" and value in BUILT_IN:
            return str(BUILT_IN[value])
        if value in permissions:
            return str(permissions.get(value).label)
        field = _field(self.about, key)
        label = dict(field.flatchoices).get(value) if field else None
        if label is None and key in CODED and value in codes:
            label = codes.get(value)
        return str(label or "")

    def _amount(self, value: str) -> str:
        try:
            number = Decimal(value)
        except InvalidOperation:
            return value
        if self.told.get("currency"):
            return priced(number, str(self.told["currency"]))
        return _("%(number)s tokens") % {"number": count(int(number))}


def _number(key: str, value: float) -> str:
    if key in ("size", "bytes"):
        return size(int(value))
    if key == "milliseconds":
        return duration(value / 1000)
    if key == "warn_at":
        return _("%(percent)s%%") % {"percent": count(value)}
    return count(value)


def _moment(value: str) -> str:
    """A moment or a day in the reader's form; empty where it is neither."""
    try:
        moment: datetime | date | None = parse_datetime(value) if "T" in value else parse_date(value)
    except ValueError:
        return ""
    if isinstance(moment, datetime):
        return said_when(moment if timezone.is_aware(moment) else timezone.make_aware(moment))
    return date_format(moment, "SHORT_DATE_FORMAT") if moment else ""


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, key)
    else:
        yield key, value


@cache
def _models() -> dict[str, type[Model]]:
    return {one._meta.model_name or "": one for one in apps.get_models()}


def _model(resource_type: str) -> type[Model] | None:
    return _models().get(resource_type.replace("_", ""))


def _field(resource_type: str, name: str) -> Field[Any, Any] | None:
    model = _model(resource_type)
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None
