"""Where mail goes out: HUMANA_SMTP_URL, or the older names one by one."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from humana import env

BACKEND = "humana.kernel.egress.mail.EmailBackend"
#: smtps speaks TLS from the beginning; smtp begins it; smtp+plain never does, for a server beside us.
PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


def by_url() -> dict[str, Any]:
    """Settings from HUMANA_SMTP_URL, as smtps://user:password@host:465; nothing where it is not set."""
    url = env.url("HUMANA_SMTP_URL", schemes=tuple(PORTS))
    if url is None:
        return {}
    parts = urlsplit(url)
    return {
        "EMAIL_BACKEND": BACKEND,
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp",
    }


def by_name() -> dict[str, Any]:
    """The same from EMAIL_HOST and its like."""
    return {
        "EMAIL_BACKEND": BACKEND,
        "EMAIL_HOST": env.text("EMAIL_HOST", "localhost"),
        "EMAIL_PORT": env.integer("EMAIL_PORT", 587),
        "EMAIL_HOST_USER": env.text("EMAIL_HOST_USER", ""),
        "EMAIL_HOST_PASSWORD": env.text("EMAIL_HOST_PASSWORD", ""),
        "EMAIL_USE_TLS": env.flag("EMAIL_USE_TLS", True),
    }
