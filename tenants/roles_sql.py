"""The two roles Humana uses in PostgreSQL, and what each may do.

    humana_owner   owns the database and its schemas, runs migrations
    humana_app     reads and writes rows; no DDL, no TRUNCATE, held by row-level security

Neither is a superuser nor may bypass row-level security. Shared by the launcher, the tests and
`manage.py database_bootstrap`; everything may be run again at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import errors, sql

from humana.kernel.errors import Misconfigured

EXTENSIONS = ("vector", "pg_trgm", "unaccent", "btree_gin")
#: Functions behind operators of search that tell nothing of what they compare, in an error or otherwise:
#: only such may be asked of an index before row-level security has spoken (docs/decisions/0015). Comparing
#: stems costs as much as a hundred numbers, for they are fetched from beside the row: told so, the database
#: asks the index also for words that many passages have.
SEARCHING = (
    "pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF COST 100",
    "public.word_similarity_commutator_op(text, text) LEAKPROOF",
)


@dataclass(frozen=True)
class Role:
    name: str
    password: str
    may_create_databases: bool = False

    @classmethod
    def from_url(cls, url: str) -> Role:
        """The role a connection URL signs in as."""
        parts = urlsplit(url)
        return cls(unquote(parts.username or ""), unquote(parts.password or ""))


def ensure_role(admin: psycopg.Connection, role: Role) -> None:
    """Create the role, or set its password. Refuses one that row-level security does not hold."""
    known = admin.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role.name]
    ).fetchone()
    if known and known[0]:
        raise Misconfigured(
            f"The role {role.name} steps around row-level security: name another in the address."
        )
    options = "LOGIN CREATEDB" if role.may_create_databases else "LOGIN"
    admin.execute(
        sql.SQL(f"{'ALTER' if known else 'CREATE'} ROLE {{}} WITH {options} PASSWORD {{}}").format(
            sql.Identifier(role.name), sql.Literal(role.password)
        )
    )


def ensure_database(admin: psycopg.Connection, name: str, *, owner: Role) -> None:
    """Create the database, or make `owner` its owner. `admin` must be in autocommit."""
    known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    _let_admin_act_as(admin, owner)
    statement = "ALTER DATABASE {name} OWNER TO {owner}" if known else CREATE_DATABASE
    admin.execute(sql.SQL(statement).format(name=sql.Identifier(name), owner=sql.Identifier(owner.name)))


CREATE_DATABASE = "CREATE DATABASE {name} OWNER {owner} ENCODING 'UTF8' TEMPLATE template1"


def ensure_extensions(admin: psycopg.Connection) -> list[str]:
    """Create what the server has and lets us; returns the names that are still missing."""
    for name in EXTENSIONS:
        with suppress(errors.FeatureNotSupported, errors.InsufficientPrivilege):
            admin.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public").format(sql.Identifier(name))
            )
    for function in SEARCHING:
        with suppress(errors.UndefinedFunction, errors.InsufficientPrivilege):
            admin.execute(sql.SQL("ALTER FUNCTION {}").format(sql.SQL(function)))
    present = {name for (name,) in admin.execute("SELECT extname FROM pg_extension")}
    return [name for name in EXTENSIONS if name not in present]


def ensure_grants(connection: psycopg.Connection, *, owner: Role, app: Role) -> None:
    """Say what each role may do in the connected database. Its owner or a superuser may run it.

    The app role gets no rights on schemas made later: the migration that makes one grants them.
    """
    names = {
        "database": sql.Identifier(connection.info.dbname),
        "owner": sql.Identifier(owner.name),
        "app": sql.Identifier(app.name),
    }
    for statement in GRANTS:
        connection.execute(sql.SQL(statement).format(**names))


LATER = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
GRANTS: Iterable[str] = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT ALL ON DATABASE {database} TO {owner}",
    "GRANT CONNECT ON DATABASE {database} TO {app}",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT ALL ON SCHEMA public TO {owner}",
    "GRANT USAGE ON SCHEMA public TO {app}",
    f"{LATER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{app}}",
    f"{LATER} GRANT USAGE, SELECT ON SEQUENCES TO {{app}}",
)


def _let_admin_act_as(admin: psycopg.Connection, role: Role) -> None:
    """An administrator who is no superuser may give a database only to a role it belongs to."""
    powerful = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if powerful and not powerful[0]:
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role.name)))
