"""A PostgreSQL address as Django's settings, with psycopg's native pool."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from humana import env


def database(url: str) -> dict[str, Any]:
    """Settings for `postgresql://user:password@host:port/name?sslmode=…`."""
    parts = urlsplit(url)
    return {
        "ENGINE": "tenants.db.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,  # the pool keeps connections, not the thread
        "OPTIONS": {**dict(parse_qsl(parts.query)), "pool": pool()},
        "TEST": {"NAME": unquote(parts.path.lstrip("/"))},
    }


def pool() -> dict[str, Any]:
    """At most as many connections as threads that may ask for one; seconds throughout."""
    return {
        "min_size": env.integer("HUMANA_POOL_MIN", 1),
        "max_size": env.integer("HUMANA_POOL_MAX", 16),
        "timeout": 10,
        "max_idle": 60,
    }
