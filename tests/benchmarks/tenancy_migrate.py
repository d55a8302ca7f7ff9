"""`python -m tests.benchmarks.tenancy_migrate`: schemas made and migrated by replay and by django-tenants.

Ours and theirs in turn, medians; theirs is measured on a few schemas and reckoned up to as many as ours.
The release that is applied has one column more; it is written for the measurement.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from io import StringIO

from tests.benchmarks.stage import ROOT, staged, verdict

CREATED = int(os.environ.get("CREATED", "9"))
MIGRATED = int(os.environ.get("MIGRATED", "100"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SAMPLE = int(os.environ.get("SAMPLE", "5"))
STANDING = int(os.environ.get("STANDING", "500"))
os.environ.setdefault("HUMANA_MOST_SCHEMAS", str(2 * STANDING))  # more than an operator would want


def main() -> int:
    with staged():
        good = [_create(), _apply(), _nothing(), _provision()]
    return 0 if all(good) else 1


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _create() -> bool:
    """One schema: the script is planned before, as in any process that has made one already."""
    from tenants.db.scripts import NOTHING, _script, script, wanted

    _script.cache_clear()  # preparing the database has planned it
    planning = _seconds(lambda: script(NOTHING))
    print(f"a schema of {len(wanted())} migrations, planned once in {planning:.2f} s:")
    ours = [f"ours_{number}" for number in range(CREATED)]
    return _against_stock("replay", [partial(_make, schema) for schema in ours], goal=5)


def _provision() -> bool:
    """A whole organization: founded, its schema made, audited and furnished, opened, the report signed."""
    from tenants.models import User
    from tenants.services.organizations import found_organization

    def found(number: int) -> None:
        owner = User(email=f"ana@bench-{number}.example", name="Ana")
        found_organization(name="Bench", slug=f"bench-{number}", owner=owner, isolation="schema", now=True)

    found(CREATED)  # caches are warm, as in any worker that has made one already
    return _against_stock(
        "an organization founded there", [partial(found, n) for n in range(CREATED)], goal=3
    )


def _against_stock(what: str, acts: list[Callable[[], object]], *, goal: int) -> bool:
    """Each act and django-tenants' `create_schema` for an equal schema, in turn."""
    from tenants.models import Placement
    from tenants.owner import as_owner

    ours, theirs = [], []
    for number, act in enumerate(acts):
        ours.append(_seconds(act))
        placement = Placement(schema_name=f"theirs_{goal}_{number}")
        with as_owner():
            theirs.append(_seconds(partial(placement.create_schema, check_if_exists=True, verbosity=0)))
    ratio = statistics.median(theirs) / statistics.median(ours)
    told = f"  {what} {_ms(ours)} against {_ms(theirs)}, median (range): {ratio:.1f}x"
    return verdict(told, f"at least {goal}x", holds=ratio >= goal)


def _apply() -> bool:
    """One more column in every schema; reading, planning and noting are in it."""
    from tests.tenants.schemas import ADD_FIELD, next_release

    schemas = _found("own", MIGRATED)
    sample = [_make(f"sample_{number}") for number in range(SAMPLE)]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        with next_release(ADD_FIELD):
            theirs.append(_seconds(lambda: [_stock(schema) for schema in sample]) * MIGRATED / SAMPLE)
            ours.append(_seconds(lambda: _ours(expected="migrated")))
        _take_back([*schemas, *sample, "pool_main"])
    print(f"one column in {MIGRATED} schemas and the pool:")
    told = f"  replay {_ms(ours)} against {_ms(theirs)}, reckoned from {SAMPLE}"
    ratio = statistics.median(theirs) / statistics.median(ours)
    return verdict(f"{told}: {ratio:.0f}x", "at least 40x", holds=ratio >= 40)


def _nothing() -> bool:
    """A run that finds everything up to date, as a process of its own."""
    _found("more", STANDING - MIGRATED)
    command = [sys.executable, "manage.py", "migrate_placements", "--json"]
    run = partial(subprocess.run, command, cwd=ROOT, check=True, capture_output=True)
    alone = [_seconds(run) for _ in range(ROUNDS)]
    inside = [_seconds(lambda: _ours(expected="already")) for _ in range(ROUNDS)]
    theirs = _seconds(lambda: [_stock(f"sample_{number}") for number in range(SAMPLE)]) * STANDING / SAMPLE
    print(
        f"nothing to do in {STANDING} schemas: {_ms(inside)} of it the work; theirs {theirs:.0f} s, reckoned"
    )
    told = f"  the command, from its start: {_ms(alone)}"
    return verdict(told, "at most 2 s", holds=statistics.median(alone) <= 2)


def _make(schema: str) -> str:

    from tenants.db.replay import create_schema
    from tenants.owner import owner_connection

    with owner_connection() as connection:
        assert create_schema(connection, schema)
    return schema


def _found(prefix: str, count: int) -> list[str]:
    from tenants.models import Placement

    schemas = [_make(f"{prefix}_{number:03}") for number in range(count)]
    for schema in schemas:
        Placement.objects.create(name=schema, schema_name=schema, isolation="schema")
    return schemas


def _ours(*, expected: str) -> None:
    from django.core.management import call_command

    out = StringIO()
    call_command("migrate_placements", json=True, stdout=out)
    assert {one["result"] for one in json.loads(out.getvalue())} == {expected}


def _stock(schema: str) -> None:
    from django.core.management import call_command
    from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

    from tenants.owner import as_owner

    with as_owner():
        call_command(MigrateSchemasCommand(), schema_name=schema, verbosity=0, interactive=False)


def _take_back(schemas: list[str]) -> None:
    """As if the release had never been applied, so that it can be measured again."""
    from psycopg import sql

    from tenants.owner import owner_connection
    from tests.tenants.schemas import TODAY

    today = [one.stem for one in TODAY.glob("0*.py")]
    forget = "DELETE FROM {}.django_migrations WHERE app = 'companions' AND name <> ALL(%s)"
    with owner_connection() as connection:
        for schema in map(sql.Identifier, schemas):
            connection.execute(sql.SQL("ALTER TABLE {}.companions_value DROP weight").format(schema))
            connection.execute(sql.SQL(forget).format(schema), [today])


def _ms(seconds: list[float]) -> str:
    """Milliseconds: median, smallest and largest."""
    low, middle, high = (1000 * one for one in (min(seconds), statistics.median(seconds), max(seconds)))
    return f"{middle:.0f} ms ({low:.0f} to {high:.0f})"


if __name__ == "__main__":
    sys.exit(main())
