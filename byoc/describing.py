"""What is said of an endpoint beside how to reach it: its name, its role, its zone, what it offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from byoc.contracts import ModelInfo
from byoc.contracts.fields import TypeSpec
from byoc.models import Endpoint
from byoc.pricing import read_prices
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_line

#: How long each line may be.
LINES = {"name": 80, "zone": 40, "region": 60}
#: The largest rank, and the longest word for a contract.
LAST, WORD = 1_000, 60
#: What may be limited beside rates, which are options of the type.
LIMITS = frozenset({"max_output_tokens", "context_tokens"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What is entered. `values` are those that the type asks for (`byoc.types`), by name."""

    kind: str
    type: str
    name: str
    role: str = "primary"
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    zone: str = ""
    region: str = ""
    tags: Sequence[str] = ()
    offers: Sequence[Mapping[str, Any]] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 0


DESCRIBING = ("name", "role", "zone", "region", "tags", "offers", "limits", "prices", "rank")


def describe(endpoint: Endpoint, asked: TypeSpec, wanted: Mapping[str, Any]) -> set[str]:
    """Set on the row in hand what is wanted, clean; the names of what really changed. Raises Invalid."""
    clean = {name: _clean(asked, name, value) for name, value in wanted.items()}
    touched = {name for name, value in clean.items() if getattr(endpoint, name) != value}
    for name in touched:
        setattr(endpoint, name, clean[name])
    return touched


def _clean(asked: TypeSpec, name: str, value: Any) -> Any:
    if name in LINES:
        return clean_line(value, field=name, limit=LINES[name], required=name == "name")
    return _READERS[name](asked, name, value)


def _role(asked: TypeSpec, name: str, value: Any) -> str:
    if value not in asked.roles:
        raise Invalid(_("An endpoint of this type does not serve as that."), field=name)
    return str(value)


def _rank(asked: TypeSpec, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LAST:
        message = _("Choose a number from %(least)s to %(most)s.")
        raise Invalid(message % {"least": 0, "most": LAST}, field=name)
    return value


def _tags(asked: TypeSpec, name: str, value: Any) -> list[str]:
    return [clean_line(one, field=name, limit=WORD) for one in _list(name, value)]


def _offers(asked: TypeSpec, name: str, value: Any) -> list[dict[str, Any]]:
    offers = _list(name, value)
    if not all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in offers):
        raise Invalid(_("Each model needs a name."), field=name)
    for one in offers:
        _judge(name, one)
    return [dict(one) for one in offers]


def _judge(name: str, model: Mapping[str, Any]) -> None:
    """What the adapter would not understand is refused here: it would serve nobody."""
    if not model["name"]:
        raise Invalid(_("Each model needs a name."), field=name)
    try:
        found = msgspec.convert(dict(model), ModelInfo)
    except msgspec.ValidationError as error:
        message = _("What is said of the model %(model)s cannot be read: %(why)s")
        raise Invalid(message % {"model": model["name"], "why": error}, field=name) from None
    if any(number is not None and number < 1 for number in (found.max_output_tokens, found.context_tokens)):
        message = _("A number of tokens of %(model)s is less than one.")
        raise Invalid(message % {"model": model["name"]}, field=name)


def _object(asked: TypeSpec, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid(_("This must be an object."), field=name)
    return dict(value)


def _list(name: str, value: Any) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Invalid(_("This must be a list."), field=name)
    return list(value)


def _prices(asked: TypeSpec, name: str, value: Any) -> dict[str, Any]:
    table = _object(asked, name, value)
    if table:
        read_prices(table)
    return table


def _limits(asked: TypeSpec, name: str, value: Any) -> dict[str, int]:
    """Tokens, as whole numbers."""
    limits = _object(asked, name, value)
    for one, number in limits.items():
        if one not in LIMITS or isinstance(number, bool) or not isinstance(number, int) or number < 1:
            message = _("A limit is one of %(names)s, with a whole number.")
            raise Invalid(message % {"names": ", ".join(sorted(LIMITS))}, field=name)
    return limits


_READERS = {
    "role": _role, "rank": _rank, "tags": _tags, "offers": _offers, "limits": _limits, "prices": _prices,
}  # fmt: skip
