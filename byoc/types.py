"""Every type of endpoint there is, and what each asks for."""

from __future__ import annotations

from byoc.adapters.database import fields as database
from byoc.adapters.identity import fields as identity
from byoc.adapters.llm import fields as llm
from byoc.adapters.monitoring import fields as monitoring
from byoc.adapters.storage import fields as storage
from byoc.contracts.fields import TypeSpec
from humana.kernel.registry import Registry

#: By "kind/type". The contract suites, the forms and the API run over all of them.
TYPES: Registry[TypeSpec] = Registry("type of endpoint")

for _one in (*database.TYPES, *identity.TYPES, *llm.TYPES, *monitoring.TYPES, *storage.TYPES):
    TYPES.add(f"{_one.kind}/{_one.type}", _one)


def type_of(kind: str, type_: str) -> TypeSpec | None:
    """None for a type that there is not."""
    name = f"{kind}/{type_}"
    return TYPES.get(name) if name in TYPES else None


def types_of(kind: str) -> list[TypeSpec]:
    return [one for _name, one in TYPES.items() if one.kind == kind]
