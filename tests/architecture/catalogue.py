"""What PostgreSQL itself says about the tenant plane. Each rule returns what is wrong, in words.

Read from pg_catalog and not from migrations: only what the server will enforce counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import psycopg
from django.apps import apps
from django.db.models import Model

from tenants.roles_sql import Role
from tenants.routing import TENANT_PLANE
from tenants.scoping import TenantForeignKey

Connection = psycopg.Connection[Any]
Rule = Callable[[Connection], list[str]]

APP = Role.from_url(os.environ["DATABASE_URL"]).name
OWNER = Role.from_url(os.environ["DATABASE_OWNER_URL"]).name
POOL = "pool_main"
HERE = "( SELECT (NULLIF(current_setting('humana.organization'::text, true), ''::text))::uuid AS \"nullif\")"
ISOLATED = f"(organization_id = {HERE})"

#: Tables of which the application may insert and read rows, never change them.
APPEND_ONLY = {"audit_auditentry"}


def tenant_models() -> dict[str, type[Model]]:
    """Every tenant-plane model by its table."""
    models = [model for label in TENANT_PLANE for model in apps.get_app_config(label).get_models()]
    return {model._meta.db_table: model for model in models}


def rows(connection: Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query, values or None).fetchall()  # type: ignore[call-overload,no-any-return]


def tables(connection: Connection, schema: str) -> set[str]:
    found = rows(
        connection,
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'f') AND relnamespace = %s::regnamespace",
        schema,
    )
    return {name for (name,) in found}


def planes_are_apart(connection: Connection) -> list[str]:
    wanted, found = set(tenant_models()) | {"django_migrations"}, tables(connection, POOL)
    astray = tables(connection, "public") & set(tenant_models())
    return [
        *(f"{name} is no model of the tenant plane" for name in found - wanted),
        *(f"{name} has no table in {POOL}" for name in wanted - found),
        *(f"{name} lies in public" for name in astray),
    ]


def rows_are_isolated(connection: Connection) -> list[str]:
    return isolated(
        connection, POOL, dict.fromkeys(tables(connection, POOL) - {"django_migrations"}, ISOLATED)
    )


def isolated(connection: Connection, schema: str, wanted: dict[str, str]) -> list[str]:
    """RLS on and forced, and exactly one policy: for all commands and roles, reading and writing."""
    found = rows(
        connection,
        """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
               max(pg_get_expr(p.polqual, c.oid)), max(pg_get_expr(p.polwithcheck, c.oid)),
               count(p.oid), bool_and(p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}')
        FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
        WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'f') GROUP BY c.oid ORDER BY 1
        """,
        schema,
    )
    wrong = []
    for name, enabled, forced, reading, writing, count, everybody in found:
        if name not in wanted:
            continue
        if not (enabled and forced):
            wrong.append(f"{name}: row-level security is not enabled and forced")
        if count != 1 or not everybody:
            wrong.append(f"{name}: {count} policies, or not for everybody and everything")
        if (reading, writing) != (wanted[name], wanted[name]):
            wrong.append(f"{name}: the policy is USING {reading} WITH CHECK {writing}")
    return wrong


def organization_is_always_there(connection: Connection) -> list[str]:
    found = rows(
        connection,
        """
        SELECT c.relname, a.attnotnull, a.atthasdef, a.attgenerated, format_type(a.atttypid, a.atttypmod)
        FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
        WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND c.relname <> 'django_migrations'
        """,
        POOL,
    )
    wanted = [True, False, "", "uuid"]
    return [
        f"{name}: no required uuid organization_id without default" for name, *is_ in found if is_ != wanted
    ]


def organization_comes_first(connection: Connection) -> list[str]:
    """Every index but the key: a unique one that does not would tell of other organizations' rows."""
    found = rows(
        connection,
        """
        SELECT c.relname, i.relname, x.indisprimary, x.indisunique, array(
            SELECT a.attname::text FROM unnest(x.indkey::int[]) WITH ORDINALITY AS k(n, at)
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n ORDER BY k.at)
        FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        WHERE c.relnamespace = %s::regnamespace AND c.relname <> 'django_migrations'
        """,
        POOL,
    )
    wrong = [
        f"{table}: index {index} begins with {columns[0]}"
        for table, index, primary, _unique, columns in found
        if not primary and columns[0] != "organization_id"
    ]
    keyed = {
        table for table, _i, _p, unique, columns in found if unique and columns == ["organization_id", "id"]
    }
    return wrong + [f"{table}: no UNIQUE (organization_id, id)" for table in set(tenant_models()) - keyed]


def references_carry_the_organization(connection: Connection) -> list[str]:
    wanted = {
        (table, field.column, field.related_model._meta.db_table)
        for table, model in tenant_models().items()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }
    found, wrong = set(), []
    for table, columns, target, target_columns, target_schema, valid in foreign_keys(connection, POOL):
        if (
            len(columns) != 2
            or columns[0] != "organization_id"
            or target_columns != ["organization_id", "id"]
        ):
            wrong.append(f"{table}: reference by {columns} alone")
        elif target_schema != POOL or not valid:
            wrong.append(f"{table}: reference into {target_schema}, or one that was never checked")
        else:
            found.add((table, columns[1], target))
    return [*wrong, *(f"{one}: no composite reference, or an unknown one" for one in wanted ^ found)]


def foreign_keys(connection: Connection, schema: str) -> list[tuple[Any, ...]]:
    names = (
        "array(SELECT attname::text FROM unnest({0}) WITH ORDINALITY AS k(n, at)"
        " JOIN pg_attribute ON attrelid = {1} AND attnum = k.n ORDER BY k.at)"
    )
    return rows(
        connection,
        f"""
        SELECT c.relname, {names.format("f.conkey", "f.conrelid")}, t.relname,
               {names.format("f.confkey", "f.confrelid")}, t.relnamespace::regnamespace::text, f.convalidated
        FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class t ON t.oid = f.confrelid
        WHERE f.contype = 'f' AND c.relnamespace = %s::regnamespace
        """,
        schema,
    )


def grants_are_exact(connection: Connection) -> list[str]:
    """The application changes rows, and not even those of an append-only table."""
    every = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in tables(connection, POOL)}
    for name, grantee, right in rows(connection, GRANTS, POOL):
        if grantee != OWNER:
            found[name].add((grantee, right))
    wrong = []
    for name, given in sorted(found.items()):
        rights = (
            {"SELECT", "INSERT"} if name in APPEND_ONLY else set() if name == "django_migrations" else every
        )
        wanted = {(APP, right) for right in rights}
        if given != wanted:
            wrong.append(f"{name}: {sorted(given ^ wanted)} differ from what is right")
    columns = rows(
        connection,
        "SELECT attrelid::regclass::text FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid IN "
        "(SELECT oid FROM pg_class WHERE relnamespace = %s::regnamespace)",
        POOL,
    )
    return wrong + [f"{name}: grants on columns" for (name,) in columns]


GRANTS = """
    SELECT c.relname, coalesce(r.rolname, 'PUBLIC'), a.privilege_type
    FROM pg_class c CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
"""


def schemas_are_closed(connection: Connection) -> list[str]:
    """The application looks things up in our schemas and makes nothing there; PUBLIC may do neither."""
    found = rows(
        connection,
        """
        SELECT n.nspname, coalesce(r.rolname, 'PUBLIC'), a.privilege_type
        FROM pg_namespace n CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE n.nspname IN ('public', %s)
        """,
        POOL,
    )
    given = {(schema, grantee, right) for schema, grantee, right in found if grantee in {APP, "PUBLIC"}}
    wanted = {("public", APP, "USAGE"), (POOL, APP, "USAGE")}
    defaults = rows(connection, "SELECT defaclnamespace::regnamespace::text FROM pg_default_acl")
    generous = [f"{schema}: default grants" for (schema,) in defaults if schema != "public"]
    return generous + [f"schema grants differ: {one}" for one in sorted(given ^ wanted)]


def nothing_works_past_the_policies(connection: Connection) -> list[str]:
    """No views (they run as their owner, copies have no policies), definer functions, triggers, rules."""
    ours = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    no_extension = "NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = {0}.oid AND d.deptype = 'e')"
    queries = {
        "view": f"SELECT c.oid::regclass::text FROM pg_class c WHERE relkind IN ('v', 'm') "
        f"AND relnamespace::regnamespace::text {ours} AND {no_extension.format('c')}",
        "function that runs as its owner": f"SELECT p.oid::regprocedure::text FROM pg_proc p WHERE prosecdef "
        f"AND pronamespace::regnamespace::text {ours}",
        "function in the pool": "SELECT p.oid::regprocedure::text FROM pg_proc p "
        f"WHERE pronamespace = '{POOL}'::regnamespace",
        "trigger": f"SELECT t.tgname FROM pg_trigger t WHERE NOT tgisinternal AND {no_extension.format('t')}",
        "rule": f"SELECT r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class "
        f"WHERE c.relnamespace = '{POOL}'::regnamespace",
    }
    return [f"{name} is a {what}" for what, query in queries.items() for (name,) in rows(connection, query)]


def the_owner_owns(connection: Connection) -> list[str]:
    found = rows(
        connection,
        "SELECT relname, relowner::regrole::text FROM pg_class WHERE relkind IN ('r', 'p', 'S')"
        " AND relnamespace IN ('public'::regnamespace, %s::regnamespace)",
        POOL,
    )
    return [f"{name} belongs to {owner}" for name, owner in found if owner != OWNER]


RULES: list[Rule] = [
    planes_are_apart,
    rows_are_isolated,
    organization_is_always_there,
    organization_comes_first,
    references_carry_the_organization,
    grants_are_exact,
    schemas_are_closed,
    nothing_works_past_the_policies,
    the_owner_owns,
]
