"""Working as the owner of the database: migrations, and the one way rows leave the trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections

from humana.kernel.errors import Misconfigured


@contextmanager
def as_owner() -> Iterator[None]:
    """Make `default` connect as DATABASE_OWNER_URL in this thread for the block.

    For commands, never for a web process. The pool of the application role is closed before and
    after, since pools are kept by alias.
    """
    from humana.settings.database import database

    if not settings.DATABASE_OWNER_URL:
        raise Misconfigured("set DATABASE_OWNER_URL: this command works as the owner of the database")
    application = connections["default"].settings_dict
    owner = database(settings.DATABASE_OWNER_URL)
    _switch(
        {**application, "USER": owner["USER"], "PASSWORD": owner["PASSWORD"], "OPTIONS": _unpooled(owner)}
    )
    try:
        yield
    finally:
        _switch(application)


def _unpooled(owner: dict[str, object]) -> dict[str, object]:
    options: dict[str, object] = dict(owner["OPTIONS"])  # type: ignore[call-overload]
    options.pop("pool", None)
    return options


def _switch(wanted: dict[str, Any]) -> None:
    connection: Any = connections["default"]
    connection.close()
    connection.close_pool()
    connection.settings_dict = wanted
