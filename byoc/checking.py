"""Whether an endpoint serves: asked of the service itself, without anybody's text.

Takes seconds where nobody answers: never inside a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from byoc.adapters.llm import make as make_llm
from byoc.adapters.monitoring import make as make_monitoring
from byoc.contracts import EndpointSpec, Health
from humana.kernel.egress import EgressRefused, Guard
from humana.kernel.errors import EndpointError, HumanaError
from humana.kernel.registry import Registry

Check: TypeAlias = Callable[[EndpointSpec, Guard], Health]

#: How to look at an endpoint of each kind.
CHECKS: Registry[Check] = Registry("check of an endpoint")


def check(spec: EndpointSpec, guard: Guard) -> Health:
    """One look. Never raises: what cannot even be asked is not well."""
    try:
        return CHECKS.get(spec.kind)(spec, guard)
    except EgressRefused as refused:
        return Health(False, 0.0, refused.code, str(refused))
    except HumanaError as error:
        code = error.code if isinstance(error, EndpointError) else "bad_request"
        return Health(False, 0.0, code, str(error))


def _llm(spec: EndpointSpec, guard: Guard) -> Health:
    async def look() -> Health:
        adapter = make_llm(spec, guard)
        try:
            return await adapter.health()
        finally:
            await adapter.close()

    return asyncio.run(look())


def _monitoring(spec: EndpointSpec, guard: Guard) -> Health:
    async def look() -> Health:
        adapter = make_monitoring(spec, guard)
        try:
            return await adapter.health()
        finally:
            await adapter.close()

    return asyncio.run(look())


CHECKS.add("llm", _llm)
CHECKS.add("monitoring", _monitoring)
