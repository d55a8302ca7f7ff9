"""PostgreSQL: row-level security, schemas, and replicas that follow a primary by streaming.

How a server is is asked past Django, from the event loop: a sweep asks hundreds at once, and none of those
that do not answer holds a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.translation import gettext as _

from byoc.adapters.database import base, fields, roles
from byoc.adapters.database.base import RowsAdapter, told
from byoc.adapters.database.reading import DEADLINE, silent
from byoc.contracts import DatabaseState, Finding
from byoc.contracts.database import DatabaseAdapter
from humana.kernel.egress.tls import authorities
from tenants.context import TenantContext
from tenants.db import preflight, replay, scripts
from tenants.db.aliases import POOL
from tenants.db.backend.bounded import BoundedAsync
from tenants.db.unreachable import unreachable
from tenants.owner import for_libpq, owner_connection, owner_settings

#: A network that is gone is noticed within a minute, though nothing is being said.
_ALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
#: The first release of each major version without the known ways around row-level security.
SAFE_SINCE = {14: 25, 15: 20, 16: 16, 17: 12, 18: 7}

_STATE = """
    SELECT current_setting('server_version_num')::int, pg_is_in_recovery(),
           current_setting('transaction_read_only') = 'on',
           CASE WHEN NOT pg_is_in_recovery() THEN NULL
                WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                     AND EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN 0
                ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float,
           pg_database_size(d.oid), (SELECT sum(numbackends) FROM pg_stat_database)::int,
           least(current_setting('max_connections')::int
                 - current_setting('superuser_reserved_connections')::int,
                 nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1))
    FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user
"""
#: Apart, since an owner of the server may have taken the right away.
_SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"
_ADVICE = """
    SELECT current_setting('server_version_num')::int,
           EXISTS (SELECT FROM pg_timezone_names WHERE name = 'America/Sao_Paulo'),
           coalesce(to_jsonb(d)->>'datcollversion', '')
    FROM pg_database d WHERE d.datname = current_database()
"""
_COLLATES = """
    SELECT coalesce(pg_database_collation_actual_version(oid), '')
    FROM pg_database WHERE datname = current_database()
"""


class PostgreSQL(RowsAdapter):
    """A customer's server; without an address, a database beside the platform's own."""

    asks = fields.POSTGRESQL
    abilities = frozenset({"rows", "transactions", "row_level_security", "skip_locked", "documents"})

    def _settings(self, owner: bool) -> dict[str, Any]:
        if not self.spec.url:
            return _beside_ours(str(self.spec.options["database"]), owner)
        pooler = bool(self.spec.options.get("pooler"))
        options: dict[str, Any] = {
            "connect_timeout": base.CONNECT_SECONDS,
            **_ALIVE,
            **self._tls(),
            "hostaddr": self._dialled(),
        }
        if not owner:
            options["pool"] = POOL
        if not pooler:
            options["options"] = f"-c statement_timeout={base.STATEMENT_MS}"
        return {
            "ENGINE": "tenants.db.backend",
            "NAME": self.spec.options["database"],
            "ENTER_PER_TRANSACTION": pooler,
            "DISABLE_SERVER_SIDE_CURSORS": pooler,
            **self._signed_in(owner),
            "OPTIONS": options,
        }

    def _tls(self) -> dict[str, str]:
        """libpq by itself trusts nobody but a file in the home of the process."""
        mode = str(self.spec.options.get("sslmode", "verify-full"))
        checked = {"sslrootcert": authorities() or "system"} if mode.startswith("verify") else {}
        return {"sslmode": mode, **checked}

    def _found(self, primary: DatabaseAdapter | None) -> Iterator[Finding]:
        if self.spec.role == "primary":
            yield from super()._found(primary)
            return
        with self.connect(patience=base.PATIENCE) as connection, told():
            facts = preflight.look_at_follower(connection)
            yield from self._advice(connection)
        state = self.state()
        yield roles.fact("engine", str(facts["engine"]))
        yield from roles.crowded(state)
        if primary is None:
            yield from roles.judged(state, self.spec.role, self._most_lag)
            return
        yield from roles.compared(state, primary.state())
        if state.in_recovery:
            yield from roles.judged(state, self.spec.role, self._most_lag)

    def _advice(self, connection: Any) -> Iterator[Finding]:
        with connection.cursor() as cursor:
            cursor.execute(_ADVICE)
            version, zones, collation = cursor.fetchone()
            actual = collation
            if collation and version >= 150_000:
                cursor.execute(_COLLATES)
                (actual,) = cursor.fetchone()
        if version % 10_000 < SAFE_SINCE.get(version // 10_000, 0):
            sentence = _(
                "This release of PostgreSQL has known holes in row-level security. Update it to %(safe)s or"
                " newer."
            )
            safe = f"{version // 10_000}.{SAFE_SINCE[version // 10_000]}"
            yield Finding("warn", "known_holes", sentence % {"safe": safe})
        if not zones:
            sentence = _("The server does not know time zones. Install the package tzdata there.")
            yield Finding("refuse", "no_time_zones", sentence)
        if collation != actual:
            sentence = _(
                "The server sorts text by another version of its rules than its indexes were made with."
                " Rebuild them with REINDEX, then run ALTER DATABASE … REFRESH COLLATION VERSION."
            )
            yield Finding("warn", "collation_changed", sentence)

    def _create(self, context: TenantContext) -> None:
        with owner_connection(self.alias) as connection:
            replay.create_schema(connection, context.placement.schema, alias=self.alias)

    def migrate(self, context: TenantContext) -> None:
        """By replay of what is missing, or by Django where that cannot be replayed."""
        self._must_hold(context)
        schema = context.placement.schema
        with self.introduced(), told(), owner_connection(self.alias) as connection:
            made = scripts.script(replay.applied(connection, [schema])[schema])
            if made is None:
                replay.migrate_by_django(schema, alias=self.alias)
            elif made.text:
                replay.replay(connection, schema, made, alias=self.alias)

    def state(self) -> DatabaseState:
        return asyncio.run(self._asked())

    async def _asked(self) -> DatabaseState:
        settings = await asyncio.to_thread(self.settings)
        try:
            async with asyncio.timeout(DEADLINE):
                return await _ask(_connecting(settings))
        except TimeoutError:
            raise silent() from None
        except psycopg.Error as error:
            raise unreachable(error) from error
        except (TypeError, ValueError, OverflowError, UnicodeError) as error:  # an answer that is none
            raise unreachable(error) from error


async def _ask(connecting: dict[str, Any]) -> DatabaseState:
    connection = await BoundedAsync.connect(**connecting)
    try:
        row = await (await connection.execute(_STATE)).fetchone()
        if row is None:
            raise ValueError("no row")
        return _read(row, await _system(connection))
    finally:
        connection.pgconn.finish()  # without a word: a server that is silent would keep us waiting


async def _system(connection: psycopg.AsyncConnection[Any]) -> str:
    with suppress(psycopg.errors.InsufficientPrivilege):
        row = await (await connection.execute(_SYSTEM)).fetchone()
        return str(row[0]) if row else ""
    return ""


def _read(row: tuple[Any, ...], system: str) -> DatabaseState:
    version, in_recovery, read_only, lag, size, taken, most = row
    return DatabaseState(
        version=f"{version // 10_000}.{version % 10_000}",
        writable=not (read_only or in_recovery),
        in_recovery=bool(in_recovery),
        lag_seconds=None if lag is None else max(0.0, float(lag)),
        size=int(size),
        connections=int(taken),
        most_connections=int(most),
        system=system,
    )


def _connecting(settings: dict[str, Any]) -> dict[str, Any]:
    """What libpq is given; a pooler may not know a statement that was prepared."""
    return {
        **for_libpq({name: value for name, value in settings["OPTIONS"].items() if name != "pool"}),
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "dbname": settings["NAME"],
        "autocommit": True,
        "prepare_threshold": None,
    }


def _beside_ours(database: str, owner: bool) -> dict[str, Any]:
    """Another database of the server that `default` is on."""
    ours = owner_settings() if owner else dict(connections.settings[DEFAULT_DB_ALIAS])
    options = {name: value for name, value in ours["OPTIONS"].items() if name != "pool"}
    if not owner:
        options["pool"] = POOL
    return {**ours, "NAME": database, "OPTIONS": options, "OURS": True}
