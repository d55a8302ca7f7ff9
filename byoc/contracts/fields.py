"""What a type of endpoint asks for: the forms of pages, API and admin grow from it.

Each kind of adapter lists its types as `TYPES` in a `fields.py` of its own. This floor knows no Django:
labels and helps are in the catalogue, and who shows them to people translates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from byoc.contracts.endpoint import Kind

#: `lines` is a text of several lines, as a pasted certificate.
FieldKind: TypeAlias = Literal["url", "text", "lines", "secret", "int", "bool", "choice"]
Place: TypeAlias = Literal["spec", "options", "credentials"]
Value: TypeAlias = str | int | bool | None

#: What an EndpointSpec has a place of its own for.
OF_THE_SPEC = frozenset({"url", "model", "key"})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `label`, `help` and the labels of `choices` are English, marked for translation.

    A secret is shown to nobody once it is kept; left empty in a change, it stays as it is. `sealed` keeps
    beside the secrets what is none by itself, as a user's name. `least` and `most` bound a number, or the
    length of a text.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Value = None
    sealed: bool = False
    least: int | None = None
    most: int | None = None

    @property
    def place(self) -> Place:
        """Where the value is kept: in `spec.credentials`, in `spec.options`, or as `spec.<name>` itself."""
        if self.name in OF_THE_SPEC:
            return "spec"
        return "credentials" if self.sealed or self.kind == "secret" else "options"


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """One type of endpoint: what it is called, what it may be used for, what it asks for.

    `schemes` are those its address may have, each with the port that is usual there, the usual scheme
    first; empty where it has no address. A type that only an operator may set up is `operators`.
    """

    kind: Kind
    type: str
    label: str
    fields: tuple[Field, ...]
    roles: tuple[str, ...] = ("primary",)
    schemes: Mapping[str, int] = field(default_factory=dict, hash=False)
    operators: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "schemes", MappingProxyType(dict(self.schemes)))

    @property
    def default_port(self) -> int | None:
        """The port of an address that names none; None where there is no address."""
        return next(iter(self.schemes.values()), None)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.fields)

    def at(self, place: Place) -> tuple[Field, ...]:
        """The fields that are kept there."""
        return tuple(one for one in self.fields if one.place == place)
