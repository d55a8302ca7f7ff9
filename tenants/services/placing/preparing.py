"""A placement made ready: its database, its schema, and the proof that both isolate."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.exceptions import MigrationSchemaMissing

from tenants.context import use_tenant
from tenants.db import catalogue, replay
from tenants.db.aliases import forget
from tenants.db.dropping import drop_schema, drop_tables
from tenants.db.levels import level_of
from tenants.db.preflight import preflight
from tenants.db.scripts import wanted
from tenants.db.servers import create_database, drop_database
from tenants.db.unreachable import unreachable
from tenants.models import Isolation, Organization, Placement
from tenants.owner import app_role, as_owner, owner_connection, owner_settings

log = logging.getLogger(__name__)


def make_database(placement: Placement, organization: Organization) -> dict[str, Any]:
    """On the platform's own server it is created; a customer's is there, and is looked at."""
    if placement.isolation != Isolation.DATABASE:
        return {}
    with use_tenant(organization.at(placement)), told_of(placement):
        database = owner_settings(placement.database)
        if database.get("OURS"):
            create_database(database["NAME"])
        return preflight(placement.database)


def make_schema(placement: Placement, organization: Organization) -> None:
    """All its tables; a pool has them already."""
    if placement.isolation == Isolation.ROW:
        return
    with use_tenant(organization.at(placement)), told_of(placement):
        make_tables(placement)


def prove(placement: Placement, organization: Organization) -> dict[str, Any]:
    """Refuse a placement that does not isolate; facts for the report."""
    with use_tenant(organization.at(placement)), told_of(placement):
        return prove_tables(placement)


def make_tables(placement: Placement) -> None:
    """By replay on PostgreSQL, by Django's migrations elsewhere."""
    if is_postgresql(placement):
        with owner_connection(placement.database) as connection:
            replay.create_schema(connection, placement.schema_name, alias=placement.database)
    else:
        replay.make_by_django(placement.id, placement.schema_name, alias=placement.database)
    placement.migrated = level_of(wanted())
    placement.engine = connections[placement.database].vendor
    owner, app = roles(placement)
    placement.one_role = owner == app
    placement.save(update_fields=["migrated", "engine", "one_role", "updated_at"])


def prove_tables(placement: Placement) -> dict[str, Any]:
    """Read the catalogue; raises for what does not isolate."""
    if not is_postgresql(placement):
        return {"row_level_security": False}
    with owner_connection(placement.database) as connection:
        expected = catalogue.Expected(placement.schema_name, *roles(placement))
        catalogue.audit(connection, expected)
        return {"row_level_security": True, **catalogue.figures(connection, expected)}


def unmake(placement: Placement, organization: Organization) -> None:
    """The opposite of both: what was made for one organization alone is gone. Pools stay."""
    if placement.isolation == Isolation.ROW:
        return
    with use_tenant(organization.at(placement)), told_of(placement):
        database = owner_settings(placement.database)
        if placement.isolation == Isolation.DATABASE and database.get("OURS"):
            forget(placement.database)  # the pool of this process would keep it in use
            drop_database(database["NAME"])
        elif is_postgresql(placement):
            with owner_connection(placement.database) as connection:
                drop_schema(connection, placement.schema_name)
        elif connections[placement.database].vendor == "sqlite":
            forget(placement.database)
            _remove_file(Path(database["NAME"]))
        else:
            with as_owner(placement.database):
                dropped = drop_tables(connections[placement.database], placement.id)
            if not dropped:
                log.warning("%s: nothing is dropped, the database is not this placement's", placement.name)


def _remove_file(file: Path) -> None:
    """One below HUMANA_HOME, as each of them is, with its journal."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)


@contextmanager
def told_of(placement: Placement) -> Iterator[None]:
    """What the driver of another database than `default` says within the block, as a sentence."""
    try:
        yield
    except (psycopg.Error, Error, MigrationSchemaMissing) as error:
        if placement.database == DEFAULT_DB_ALIAS:
            raise
        said = error.__context__ if isinstance(error, MigrationSchemaMissing) else error
        raise unreachable(said if isinstance(said, Exception) else error) from error


def roles(placement: Placement) -> tuple[str, str]:
    """Owner and application there; the same role where a customer gave one."""
    return owner_settings(placement.database)["USER"], app_role(placement.database)


def is_postgresql(placement: Placement) -> bool:
    return bool(connections[placement.database].vendor == "postgresql")
