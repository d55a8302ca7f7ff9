"""Rules about who owns, who may, and what would work past the policies."""

from __future__ import annotations

from tenants.db.catalogue import sql
from tenants.db.catalogue.reading import (
    BOOKKEEPING,
    Connection,
    Expected,
    append_only,
    names,
    rows,
    tables,
)


def roles_are_held(connection: Connection, expected: Expected) -> list[str]:
    """Neither role steps around row-level security, nor can become one that does."""
    wrong = []
    for role in sorted({expected.owner, expected.app}):
        found = rows(connection, sql.POWERS, role=role, owner=expected.owner)
        if not found:
            wrong.append(f"the role {role} does not exist")
        wrong += [_too_much(role, power, past, more, expected.owner) for power, past, more in found]
    return [one for one in wrong if one]


def _too_much(role: str, power: str, past: bool, more: bool, owner: str) -> str:
    """What is wrong with `role` being `power`, itself or another; empty where nothing is."""
    if past:
        return f"{role} steps around row-level security, as {power}"
    if role != owner and power == owner:
        return f"{role} may act as {owner}, who can lift row-level security"
    return f"{role} may do more than it was granted, as {power}" if more and role != owner else ""


def nobody_is_inside_unasked(connection: Connection, expected: Expected) -> list[str]:
    """No session begins with an organization, nor with references unchecked."""
    found = rows(connection, sql.PRESETS, owner=expected.owner, app=expected.app)
    return [f"sessions of {who} begin with a setting of {name}" for name, who in found]


def the_owner_owns(connection: Connection, expected: Expected) -> list[str]:
    """Whoever owns a table can lift its policies."""
    return owned(connection, expected.schema, expected.owner)


def owned(connection: Connection, schema: str, owner: str) -> list[str]:
    found = rows(connection, sql.OWNED_BY_OTHERS, schema=schema, owner=owner)
    return [f"{name} belongs to {other}" for name, other in found]


def grants_are_exact(connection: Connection, expected: Expected) -> list[str]:
    """The application changes rows, and not even those of an append-only table; others do nothing."""
    given = {(name, *grant) for name, *grant in grants(connection, expected.schema, expected.owner)}
    differing = sorted(given ^ _wanted_grants(connection, expected))
    columns = names(connection, sql.GRANTS_ON_COLUMNS, schema=expected.schema)
    return [
        *(f"{name}: {who} has {right}" for name, who, right in differing if (name, who, right) in given),
        *(
            f"{name}: {who} lacks {right}"
            for name, who, right in differing
            if (name, who, right) not in given
        ),
        *(f"{name}: grants on columns" for name in columns),
    ]


def _wanted_grants(connection: Connection, expected: Expected) -> set[tuple[str, ...]]:
    """An owner needs no grant."""
    if expected.app == expected.owner:
        return set()
    there = tables(connection, expected.schema) - {BOOKKEEPING}
    return {(name, expected.app, right) for name in there for right in _rights(name)}


def _rights(table: str) -> tuple[str, ...]:
    return ("SELECT", "INSERT") if table in append_only() else ("SELECT", "INSERT", "UPDATE", "DELETE")


def grants(connection: Connection, schema: str, owner: str) -> list[tuple[str, str, str]]:
    """Relation, grantee and right of everybody but the owner."""
    return rows(connection, sql.GRANTS, schema=schema, owner=owner)


def schema_is_closed(connection: Connection, expected: Expected) -> list[str]:
    """The application looks things up in the schema and makes nothing there; nobody else is let in."""
    here, owner = f"schema {expected.schema}", expected.owner
    given = set(schema_grants(connection, expected.schema, owner))
    wanted = {(expected.app, "USAGE")} - {(owner, "USAGE")}
    later = rows(connection, sql.GRANTS_LATER, schema=expected.schema, owner=owner)
    return [
        *(f"{here}: {who} has {right}" for who, right in sorted(given - wanted)),
        *(f"{here}: {who} lacks {right}" for who, right in sorted(wanted - given)),
        *(f"{here}: {who} gets {right} on what is made later" for who, right in later),
    ]


def schema_grants(connection: Connection, schema: str, owner: str) -> list[tuple[str, str]]:
    """Grantee and right of everybody but the owner."""
    return rows(connection, sql.GRANTS_ON_SCHEMA, schema=schema, owner=owner)


def nothing_works_past_the_policies(connection: Connection, expected: Expected) -> list[str]:
    """No views (they run as their owner, copies have no policies), functions, triggers or rules here;
    none elsewhere that reads these tables, no table that lends them its own policies."""
    values = {"schema": expected.schema, "owner": expected.owner, "app": expected.app}
    return [
        f"{name} is {what}"
        for what, query in sql.PAST_THE_POLICIES.items()
        for name in names(connection, query, **values)
    ]
