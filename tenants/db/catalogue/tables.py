"""Rules about the tables of a schema: which there are, and what binds their rows to an organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.db.catalogue import sql
from tenants.db.catalogue.reading import (
    BOOKKEEPING,
    Connection,
    Expected,
    names,
    rows,
    tables,
    tenant_models,
    tokens,
    without_strangers,
)
from tenants.db.operations import MEMBERS, only_own
from tenants.scoping import TenantForeignKey

HERE = "(SELECT NULLIF(current_setting('humana.organization', true), '')::uuid)"
#: What the one policy of a table says, reading and writing.
ISOLATED = f"organization_id = {HERE}"


def planes_are_apart(connection: Connection, expected: Expected) -> list[str]:
    """Every table of the tenant plane and no other; none that the owner left in public."""
    wanted, found = set(tenant_models()) | {BOOKKEEPING}, tables(connection, expected.schema)
    astray = set(names(connection, sql.OWNED_IN_PUBLIC, owner=expected.owner)) & set(tenant_models())
    return [
        *(f"{name} is no model of the tenant plane" for name in sorted(found - wanted)),
        *(f"{name} has no table in {expected.schema}" for name in sorted(wanted - found)),
        *(f"{name} lies in public" for name in sorted(astray)),
    ]


def rows_are_isolated(connection: Connection, expected: Expected) -> list[str]:
    there = tables(connection, expected.schema) - {BOOKKEEPING}
    with_members = rows(connection, sql.HAS_TABLE, table=MEMBERS) == [(True,)]
    asked = without_strangers().items() if with_members else ()
    written = {table: only_own(table, **named) for table, named in asked}
    return isolated(connection, expected.schema, dict.fromkeys(there, ISOLATED), written=written)


def isolated(
    connection: Connection,
    schema: str,
    wanted: Mapping[str, str],
    *,
    written: Mapping[str, str] | None = None,
) -> list[str]:
    """RLS on and forced, and exactly one policy: for all commands and roles, reading and writing.

    `wanted` says for each table what the policy's expression is, `written` what it is for writing where
    that differs.
    """
    checks = {**wanted, **(written or {})}
    wrong = []
    for name, forced, everybody, count, *halves in rows(connection, sql.POLICIES, schema=schema):
        if name not in wanted:
            continue
        if not forced:
            wrong.append(f"{name}: row-level security is not enabled and forced")
        if count != 1 or not everybody:
            wrong.append(f"{name}: {count} policies, or not for everybody and everything")
        if list(map(tokens, halves)) != [tokens(wanted[name]), tokens(checks[name])]:
            wrong.append(f"{name}: the policy is USING {halves[0]} WITH CHECK {halves[1]}")
    return wrong


def organization_is_always_there(connection: Connection, expected: Expected) -> list[str]:
    found = names(connection, sql.WITHOUT_ORGANIZATION, schema=expected.schema)
    return [f"{name}: no required uuid organization_id without default" for name in found]


def organization_comes_first(connection: Connection, expected: Expected) -> list[str]:
    """Every index but the key: a unique one that does not would tell of other organizations' rows."""
    found = rows(connection, sql.INDEXES, schema=expected.schema)
    wrong = [
        f"{table}: index {index} begins with {columns[0] or 'an expression'}"
        for table, index, primary, _whole, columns in found
        if not primary and columns[0] != "organization_id"
    ]
    keyed = {
        table for table, *_names, whole, columns in found if whole and columns == ["organization_id", "id"]
    }
    missing = sorted(set(tenant_models()) - keyed)
    return wrong + [f"{table}: no UNIQUE (organization_id, id)" for table in missing]


def references_carry_the_organization(connection: Connection, expected: Expected) -> list[str]:
    """One composite reference for each TenantForeignKey, inside the schema and checked; no others."""
    found, wrong = set(), []
    for table, columns, target, to, schema, valid in foreign_keys(connection, expected.schema):
        if len(columns) != 2 or columns[0] != "organization_id" or to != ["organization_id", "id"]:
            wrong.append(f"{table}: reference by {columns} alone")
        elif schema != expected.schema or not valid:
            wrong.append(f"{table}: reference into {schema}, or one that was never checked")
        else:
            found.add((table, columns[1], target))
    differing = sorted(_wanted_references() ^ found)
    return wrong + [f"{' '.join(one)}: no composite reference, or an unknown one" for one in differing]


def _wanted_references() -> set[tuple[str, str, str]]:
    return {
        (table, field.column, field.related_model._meta.db_table)
        for table, model in tenant_models().items()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }


def foreign_keys(connection: Connection, schema: str) -> list[tuple[Any, ...]]:
    """Table, columns, target, its columns, its schema, and whether every row was checked."""
    return rows(connection, sql.FOREIGN_KEYS, schema=schema)
