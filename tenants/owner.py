"""Working as the owner of a placement's database: migrations, copies, and the one way rows leave the trail.

For commands and the workers of placement jobs. A web process has no owner of our own databases; it only
looks, once, at a database that an organization brings (see `tenants/db/preflight.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import load_backend

from humana.kernel.errors import Misconfigured
from tenants.db.aliases import complete, opened
from tenants.db.backend.bounded import Bounded

#: How long to wait for a server that may be gone, in seconds.
CONNECT_SECONDS = 3


@contextmanager
def as_owner(alias: str = DEFAULT_DB_ALIAS, *, patience: int | None = None) -> Iterator[None]:
    """Make `alias` connect as the owner in this thread for the block; others are not touched.

    `patience` is how many seconds one answer of a customer's server may take.
    """
    with _connecting(alias, {**owner_settings(alias), "PATIENCE": patience}):
        yield


@contextmanager
def unpooled(alias: str, *, patience: int | None = None) -> Iterator[None]:
    """As the application, by a connection of this thread's own: a pool would hide why it cannot connect."""
    wanted = connections.settings[alias]
    options = _without_pool(wanted["OPTIONS"])
    with _connecting(alias, {**wanted, "OPTIONS": options, "PATIENCE": patience}):
        yield


@contextmanager
def _connecting(alias: str, wanted: dict[str, Any]) -> Iterator[None]:
    usual = connections[alias]
    connections[alias] = load_backend(wanted["ENGINE"]).DatabaseWrapper(wanted, alias)
    try:
        yield
    finally:
        connections[alias].close()
        connections[alias] = usual


def owner_settings(alias: str = DEFAULT_DB_ALIAS) -> dict[str, Any]:
    """Settings as in DATABASES, of the role that owns the tables there; without a pool."""
    if alias == DEFAULT_DB_ALIAS:
        wanted = {**connections.settings[alias], **_owner_of_default()}
    else:
        wanted = complete(opened(alias, owner=True))
    return {**wanted, "OPTIONS": _without_pool(wanted["OPTIONS"]), "ENTER_PER_TRANSACTION": False}


def app_role(alias: str = DEFAULT_DB_ALIAS) -> str:
    """The role that the application has there: the owner's own where a customer gave only one."""
    role: str = connections.settings[alias]["USER"]
    return role


def owner_connection(alias: str = DEFAULT_DB_ALIAS, *, name: str | None = None) -> psycopg.Connection[Any]:
    """A connection of the owner past Django, in autocommit; `name` is another database of that server."""
    wanted = owner_settings(alias)
    ours = alias == DEFAULT_DB_ALIAS or wanted.get("OURS")
    connect = psycopg.connect if ours else Bounded.connect
    return connect(
        host=wanted["HOST"],
        port=wanted["PORT"],
        user=wanted["USER"],
        password=wanted["PASSWORD"],
        dbname=name or wanted["NAME"],
        autocommit=True,
        **{"connect_timeout": CONNECT_SECONDS, **for_libpq(wanted["OPTIONS"])},
    )


def _owner_of_default() -> dict[str, Any]:
    from humana.settings.database import database

    if not settings.DATABASE_OWNER_URL:
        raise Misconfigured("set DATABASE_OWNER_URL: this works as the owner of the database")
    owner = database(settings.DATABASE_OWNER_URL)
    return {name: owner[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")}


def _without_pool(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "pool"}


def for_libpq(options: dict[str, Any]) -> dict[str, Any]:
    """Of Django's OPTIONS what libpq knows."""
    ours = {"server_side_binding", "isolation_level", "assume_role", "pool", "prepare_threshold"}
    return {name: value for name, value in options.items() if name not in ours}
