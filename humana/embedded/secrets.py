"""Passwords and keys made once per installation, kept in a file that only its owner reads."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Replace `path` (0600) in one step: a reader sees the old content or the new, never half."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(fresh, path)


def word() -> str:
    """A password that needs no quoting in a URL."""
    return secrets.token_urlsafe(24)


def readable_word() -> str:
    """A password for a person to type: five groups of four letters and digits that look unlike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))
    return "-".join(groups)


def key() -> str:
    """32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


MAKERS = {
    "postgres": word,
    "owner": word,
    "app": word,
    "valkey": word,
    "model": word,
    "SECRET_KEY": key,
    "HUMANA_SEAL_KEY": key,
    "HUMANA_DEMO_PASSWORD": readable_word,
}


def keep(home: Path) -> dict[str, str]:
    """The secrets of the installation in `home`; missing ones are made now and kept."""
    path = home / "secrets.json"
    known: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    missing = {name: make() for name, make in MAKERS.items() if name not in known}
    if missing:
        write_private(path, known | missing)
    return known | missing
