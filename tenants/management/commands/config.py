"""`manage.py config sync [--defaults FILE]` and `manage.py config table`."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from humana.kernel.errors import HumanaError
from tenants.config.table import table
from tenants.services.config_sync import sync


class Command(BaseCommand):
    help = "Brings the stored configuration up to the code, or prints the table of keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("sync", "table"))
        parser.add_argument(
            "--defaults",
            default=os.environ.get("HUMANA_CONFIG_DEFAULTS", ""),
            help="a JSON or TOML file of what holds for everybody: key to value, or to value, locked, cap, "
            "floor; usually what HUMANA_CONFIG_DEFAULTS names",
        )

    def handle(self, *args: Any, what: str, defaults: str, **options: Any) -> None:
        if what == "table":
            self.stdout.write(table())
            return
        try:
            told = sync(defaults=_read(defaults) if defaults else {})
        except HumanaError as refusal:
            raise CommandError(str(refusal)) from None
        for key, number in sorted(told.removed.items()):
            self.stdout.write(f"removed {key}: {number} values of a key that is gone")
        for key, said in sorted(told.applied.items()):
            self.stdout.write(f"set {key}: {json.dumps(said, ensure_ascii=False)}")
        if not told:
            self.stdout.write("nothing to change")


def _read(name: str) -> dict[str, Any]:
    try:
        text = Path(name).read_text("utf-8")
        found = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except (OSError, ValueError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise CommandError(f"{name} must hold one object of keys")
    return _flat(found) if name.endswith(".toml") else found


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """In TOML the groups may be tables: [session] max_age = 3600."""
    flat: dict[str, Any] = {}
    for group, said in found.items():
        if isinstance(said, dict) and "." not in group:
            flat |= {f"{group}.{name}": one for name, one in said.items()}
        else:
            flat[group] = said
    return flat
