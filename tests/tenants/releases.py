"""What a run of `migrate_placements` reports, and whether it did something."""

from __future__ import annotations

import io
import json
from typing import Any

import psycopg
from django.core.management import CommandError, call_command

SCHEMAS = [f"own_{number:02}" for number in range(30)]
CHANGE = (
    "RunPerOrganization(lambda apps: apps.get_model('companions', 'Value').objects.update("
    "description='After'), count=lambda apps: apps.get_model('companions', 'Value').objects.count())"
)


def run(**options: Any) -> list[dict[str, Any]]:
    """The report, also of a run that ends with an error."""
    out = io.StringIO()
    try:
        call_command("migrate_placements", json=True, lock_timeout=100, stdout=out, **options)
    except CommandError as error:
        assert error.returncode == 1
        assert "not migrated" in str(error)
    report: list[dict[str, Any]] = json.loads(out.getvalue())
    return report


def results(**options: Any) -> dict[str, str]:
    return {one["placement"]: one["result"] for one in run(**options)}


def has_weight(owner: psycopg.Connection[Any], schema: str) -> bool:
    query = (
        "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'weight' AND NOT attisdropped"
    )
    return owner.execute(query, [f"{schema}.companions_value"]).fetchone() is not None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
