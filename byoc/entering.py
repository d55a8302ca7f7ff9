"""What is entered for an endpoint, judged by what its type asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from byoc.contracts.fields import Field, TypeSpec
from byoc.databases import in_words
from byoc.models import Endpoint
from humana.kernel.egress import Origin
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_line, clean_text

#: The longest text of a field that names no length of its own.
LONGEST = 400


@dataclass(slots=True)
class Entered:
    """Values where an endpoint keeps them. Secrets are among `credentials` only."""

    origin: str = ""
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict, repr=False)


def entered(asked: TypeSpec, values: Mapping[str, Any]) -> Entered:
    """Everything its type asks for, clean. Raises Invalid, naming the field, for the first that is wrong.

    A secret may be missing: it is asked for when the endpoint is validated.
    """
    unknown = sorted(set(values) - asked.names)
    if unknown:
        message = _("An endpoint of the type %(type)s does not have “%(field)s”.")
        raise Invalid(message % {"type": asked.type, "field": unknown[0]}, field=unknown[0])
    found = Entered()
    for one in asked.fields:
        _place(found, asked, one, _value(one, values.get(one.name)))
    return found


def missing_secrets(asked: TypeSpec, credentials: Mapping[str, str]) -> list[Field]:
    """What opens the service and has not been given."""
    return [
        one
        for one in asked.fields
        if one.required and one.name not in credentials and (one.kind == "secret" or one.sealed)
    ]


def values_of(asked: TypeSpec, endpoint: Endpoint) -> dict[str, Any]:
    """What may be shown of an endpoint, by the names of the fields: nothing that is sealed."""
    shown: dict[str, Any] = {"url": endpoint.url, **endpoint.options}
    return {one.name: shown[one.name] for one in asked.fields if one.name in shown and _open(one)}


def _open(one: Field) -> bool:
    return one.kind != "secret" and not one.sealed


def _place(found: Entered, asked: TypeSpec, one: Field, value: Any) -> None:
    if value is None:
        return
    if one.kind == "url" and one.name == "url":
        found.origin, found.path = address(asked, value)
    elif _open(one):
        found.options[one.name] = value
    else:
        found.credentials[one.name] = value


def address(asked: TypeSpec, url: str) -> tuple[str, str]:
    """Origin and path of an address; Invalid or EgressRefused for what two parsers could read differently."""
    with in_words():
        origin = Origin.of(url, ports=asked.schemes)
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise Invalid(_("Leave out what comes after “?” or “#” in the address."), field="url")
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual = origin.scheme in {"http", "https"} and asked.schemes[origin.scheme] == origin.port
    return f"{origin.scheme}://{host}" + ("" if usual else f":{origin.port}"), parts.path.rstrip("/")


def _value(one: Field, given: Any) -> Any:
    """The value as its kind has it; None for none."""
    if given is None or given == "":
        if one.default is not None and one.kind != "secret":
            return one.default
        if one.required and one.kind != "secret" and not one.sealed:
            raise Invalid(_("Fill this in."), field=one.name, code="empty")
        return None
    readers = {"int": _number, "bool": _truth, "choice": _choice}
    return readers.get(one.kind, _text)(one, given)


def _number(one: Field, given: Any) -> int:
    try:
        number = int(given) if not isinstance(given, bool | float) else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise Invalid(_("This must be a whole number."), field=one.name)
    if (one.least is not None and number < one.least) or (one.most is not None and number > one.most):
        message = _("Choose a number from %(least)s to %(most)s.")
        raise Invalid(message % {"least": one.least, "most": one.most}, field=one.name)
    return number


def _truth(one: Field, given: Any) -> bool:
    known = {True: True, False: False, "true": True, "false": False, "on": True}
    if not isinstance(given, bool | str) or given not in known:
        raise Invalid(_("Say yes or no."), field=one.name)
    return known[given]


def _choice(one: Field, given: Any) -> str:
    if given not in {value for value, _label in one.choices}:
        raise Invalid(_("Choose one of what is offered."), field=one.name)
    return str(given)


def _text(one: Field, given: Any) -> str:
    clean = clean_text if one.kind in {"lines", "secret"} else clean_line
    return clean(given, field=one.name, limit=one.most or LONGEST)
