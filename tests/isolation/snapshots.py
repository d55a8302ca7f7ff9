"""Everything an organization has, to be compared before and after an attempt."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connections, router

from tenants.context import use_tenant
from tenants.models import ApiKey, Membership
from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS
from tests.isolation.cells import MODELS

CONTROLLED: list[type[Any]] = [*CONTROL_MAKERS, Membership, ApiKey]
PASSING = {"last_used_at", "last_seen_at"}
Rows = dict[str, list[dict[str, Any]]]


def everything_of(world: World) -> Rows:
    """All rows of all tenant-plane tables, and all of the control plane that are its own, as they stand.

    Without when a key was last used and a member last seen: to ask is to be seen.
    """
    with use_tenant(world.context):
        return _read(world, MODELS, ours=False) | _read(world, CONTROLLED, ours=True)


def _read(world: World, models: Iterable[type[Any]], ours: bool) -> Rows:
    """Where PostgreSQL has them, in one statement: hundreds of tests look twice at every table there is."""
    alias = router.db_for_read(next(iter(models)))
    if connections[alias].vendor == "postgresql":
        return _at_once(world, models, ours, alias)
    return {model._meta.label: _plain(world, model, ours) for model in models}


def _plain(world: World, model: type[Any], ours: bool) -> list[dict[str, Any]]:
    rows = model.objects.filter(organization=world.organization) if ours else model.everything.all()
    kept = rows.order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in PASSING} for row in kept]


def _at_once(world: World, models: Iterable[type[Any]], ours: bool, alias: str) -> Rows:
    quoted, where = connections[alias].ops.quote_name, " WHERE organization_id = %s" if ours else ""
    parts = [
        f"SELECT %s, to_jsonb(t) - 'last_used_at' - 'last_seen_at' FROM {quoted(one._meta.db_table)} t{where}"
        for one in models
    ]
    told = [[one._meta.label, world.organization.id] if ours else [one._meta.label] for one in models]
    found: Rows = defaultdict(list)
    with connections[alias].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [value for values in told for value in values])
        for label, row in cursor.fetchall():
            found[label].append(json.loads(row) if isinstance(row, str) else row)
    ordered = {one._meta.label: found[one._meta.label] for one in models}
    return {label: sorted(rows, key=lambda row: str(row["id"])) for label, rows in ordered.items()}
