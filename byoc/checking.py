"""Whether an endpoint serves: asked of the service itself, without anybody's text.

Takes seconds where nobody answers: never inside a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Protocol, TypeAlias

from django.utils.translation import gettext as _

from byoc.adapters.database import make as make_database
from byoc.adapters.embedding import make_embedding
from byoc.adapters.identity import make as make_identity
from byoc.adapters.llm import make as make_llm
from byoc.adapters.monitoring import make as make_monitoring
from byoc.adapters.storage import make as make_storage
from byoc.adapters.storage.validating import validate as validate_storage
from byoc.contracts import DatabaseAdapter, EndpointSpec, Health, health_of
from byoc.expiring import warned
from byoc.sentences import in_words
from byoc.telling import rung
from humana.kernel.egress import EgressRefused, Guard
from humana.kernel.errors import EndpointError, HumanaError
from humana.kernel.registry import Registry

Check: TypeAlias = Callable[[EndpointSpec, Guard], Health]

#: How to look at an endpoint of each kind before it serves: by everything it will be used for.
CHECKS: Registry[Check] = Registry("check of an endpoint")


class Asked(Protocol):
    """What adapters of every kind have in common."""

    async def health(self) -> Health: ...
    async def close(self) -> None: ...


def check(spec: EndpointSpec, guard: Guard, primary: DatabaseAdapter | None = None) -> Health:
    """One look. Never raises: what cannot be asked is not well. A replica is compared with its `primary`."""
    try:
        found = _database(spec, guard, primary) if primary else CHECKS.get(spec.kind)(spec, guard)
        return replace(found, message=in_words(found.message))
    except EgressRefused as refused:
        return Health(False, 0.0, refused.code, _(refused.sentence) % refused.told)
    except HumanaError as error:
        code = error.code if isinstance(error, EndpointError) else "bad_request"
        return Health(False, 0.0, code, in_words(error.message))


async def _asked(adapter: Asked) -> Health:
    try:
        return await adapter.health()
    finally:
        await adapter.close()


def _llm(spec: EndpointSpec, guard: Guard) -> Health:
    made = make_embedding(spec, guard) if spec.role == "embedding" else make_llm(spec, guard)
    return asyncio.run(_asked(made))


def _monitoring(spec: EndpointSpec, guard: Guard) -> Health:
    if spec.type == "webhook":
        return asyncio.run(rung(spec, guard))
    return asyncio.run(_asked(make_monitoring(spec, guard)))


def _database(spec: EndpointSpec, guard: Guard, primary: DatabaseAdapter | None = None) -> Health:
    """By everything that is found, privileges included; a replica without its primary is only asked."""
    began = monotonic()
    found = make_database(spec, guard).validate(primary=primary)
    return health_of(found, monotonic() - began)


def _identity(spec: EndpointSpec, guard: Guard) -> Health:
    began = monotonic()
    found = asyncio.run(make_identity(spec, guard).validate())
    told = health_of((replace(one, sentence=_(one.sentence)) for one in found), monotonic() - began)
    return warned(told, spec.owner)


def _storage(spec: EndpointSpec, guard: Guard) -> Health:
    """A whole round trip, that leaves nothing behind; the first thing that fails is told."""
    began = monotonic()
    found = validate_storage(make_storage, spec, guard)
    bad = next((one for one in found if not one.ok), None)
    seconds = monotonic() - began
    if bad is None:
        return Health(True, seconds)
    return Health(False, seconds, bad.code, _(bad.sentence) % dict(bad.told))


CHECKS.add("llm", _llm)
CHECKS.add("monitoring", _monitoring)
CHECKS.add("database", _database)
CHECKS.add("identity", _identity)
CHECKS.add("storage", _storage)
