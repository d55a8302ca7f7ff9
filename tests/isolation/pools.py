"""A connection pool of a chosen size, as a busy installation would have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from tenants.context import TenantContext, use_tenant


@contextmanager
def pool_of(size: int, context: TenantContext | None = None) -> Iterator[Any]:
    """Everybody in this process shares `size` connections for the block: to `default`, or to where
    the organization of `context` lives."""
    with use_tenant(context) if context else nullcontext():
        connection: Any = connections[context.placement.alias if context else DEFAULT_DB_ALIAS]
    settings = connection.settings_dict["OPTIONS"]
    before = settings["pool"]
    _replace(connection, {**before, "min_size": 1, "max_size": size})
    try:
        yield connection.pool
    finally:
        _replace(connection, before)


def _replace(connection: Any, options: dict[str, Any]) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict["OPTIONS"]["pool"] = options
