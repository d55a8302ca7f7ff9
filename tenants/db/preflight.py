"""What a customer's database must bring before a row is put there; each refusal says what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import Error, NotSupportedError, connections
from django.utils.translation import gettext as _

from humana.kernel.errors import EndpointError, HumanaError
from tenants.db import marker
from tenants.db.aliases import lend_default
from tenants.db.unreachable import unreachable
from tenants.owner import as_owner, unpooled

#: The oldest PostgreSQL that has what we rely on.
OLDEST_POSTGRESQL = 14
OLDEST_MARIADB = (10, 6)
#: How long one answer may take while somebody waits for what is found, in seconds.
PATIENCE = 10


def preflight(alias: str, *, lend: bool = False, empty: bool = False) -> dict[str, Any]:
    """Connect as the owner and as the application and look; facts for the report.

    With `empty`, a database without schemas may hold nothing: rows are put there for the first time.
    With `lend`, this thread holds no connection of ours while it waits for that server: for a web
    process, where threads never outnumber connections. A worker keeps the one it has.
    """
    facts: dict[str, Any] = {}
    for role, owner in ((as_owner, True), (unpooled, False)):
        with role(alias, patience=PATIENCE):
            if lend:
                lend_default()
            with _understood(connections[alias].vendor):
                facts |= _look(connections[alias], owner=owner, empty=empty)
    return facts


def look_at_follower(connection: Any) -> dict[str, Any]:
    """Facts of a replica, which nobody writes to; EndpointError says why it cannot be read as ours is."""
    with _understood(connection.vendor):
        return _postgresql(connection, owner=False, follows=True)


def _look(connection: Any, *, owner: bool, empty: bool) -> dict[str, Any]:
    check = _CHECKS.get(connection.vendor, _another)
    found = check(connection, owner)
    if owner and connection.vendor != "postgresql":
        if empty:
            marker.refuse_anything(connection)
        _may_make_tables(connection)
    return found


@contextmanager
def _understood(vendor: str) -> Iterator[None]:
    """Whatever a server answers, a driver may raise anything: it may be no such server at all."""
    try:
        yield
    except HumanaError:
        raise
    except NotSupportedError:
        _too_old(vendor)
    except Exception as error:  # noqa: BLE001
        raise unreachable(error) from None


def _too_old(vendor: str) -> None:
    if vendor == "postgresql":
        _refuse(_("PostgreSQL %(oldest)d or newer is needed.") % {"oldest": OLDEST_POSTGRESQL})
    _refuse(_("MariaDB %(oldest)s or newer is needed.") % {"oldest": "10.6"})


def _may_make_tables(connection: Any) -> None:
    """Raises what the driver does for a user that lacks a right, or where nothing can be written."""
    with connection.cursor() as cursor:
        try:
            for statement in _PROBES:
                cursor.execute(statement)
        except Error:
            with suppress(Error):
                cursor.execute(_PROBES[0])
            raise


#: The table of `marker.PROBE`, which may be left of a look that was cut off.
_PROBES = (
    "DROP TABLE IF EXISTS humana_probe",
    "CREATE TABLE humana_probe (id integer PRIMARY KEY)",
    "ALTER TABLE humana_probe ADD COLUMN other integer",
    "CREATE INDEX humana_probed ON humana_probe (other)",
    "INSERT INTO humana_probe (id, other) VALUES (1, 1)",
    "UPDATE humana_probe SET other = 2",
    "DELETE FROM humana_probe",
    "DROP TABLE humana_probe",
)


def _postgresql(connection: Any, owner: bool, follows: bool = False) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL)
        version, encoding, read_only, powerful, creates, temporary = cursor.fetchone()
    if version // 10_000 < OLDEST_POSTGRESQL:
        _too_old("postgresql")
    if encoding != "UTF8":
        _refuse(_("The database must be encoded in UTF8. Create one with ENCODING 'UTF8'."))
    if read_only and not follows:
        _refuse(_("The server only reads, as a replica does. Give the address of the primary."))
    if powerful:
        _refuse(
            _("The user steps around row-level security. Give one that is neither superuser nor BYPASSRLS.")
        )
    if owner and not creates:
        _refuse(_("The user may not create schemas. Grant it CREATE on the database."))
    if owner and not temporary:
        _refuse(_("The user may not make temporary tables. Grant it TEMPORARY on the database."))
    return {"engine": f"PostgreSQL {version // 10_000}.{version % 10_000}"}


_POSTGRESQL = """
    SELECT current_setting('server_version_num')::int, pg_encoding_to_char(d.encoding),
           current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(),
           (SELECT bool_or(r.rolsuper OR r.rolbypassrls) FROM pg_roles r
            WHERE pg_has_role(current_user, r.oid, 'MEMBER')),
           has_database_privilege(d.datname, 'CREATE'), has_database_privilege(d.datname, 'TEMP')
    FROM pg_database d WHERE d.datname = current_database()
"""


def _mysql(connection: Any, owner: bool) -> dict[str, Any]:
    if not connection.mysql_is_mariadb or connection.mysql_version < OLDEST_MARIADB:
        _too_old("mysql")
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@read_only, @@character_set_database, CONVERT_TZ('2026-01-01', 'UTC', 'UTC')")
        read_only, encoding, zones = cursor.fetchone()
    if read_only:
        _refuse(_("The server only reads, as a replica does. Give the address of the primary."))
    if encoding != "utf8mb4":
        _refuse(_("The database must be encoded in utf8mb4. Create one with CHARACTER SET utf8mb4."))
    if zones is None:
        _refuse(_("The server does not know time zones. Load them with mariadb-tzinfo-to-sql."))
    return {"engine": f"MariaDB {'.'.join(map(str, connection.mysql_version))}"}


def _sqlite(connection: Any, owner: bool) -> dict[str, Any]:
    return {"engine": f"SQLite {connection.Database.sqlite_version}"}


def _another(connection: Any, owner: bool) -> dict[str, Any]:
    """A backend that an operator allowed; what its server is called Django knows."""
    version = ".".join(str(part) for part in connection.get_database_version())
    return {"engine": f"{connection.display_name} {version}"}


_CHECKS: dict[str, Callable[[Any, bool], dict[str, Any]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlite": _sqlite,
}


def _refuse(sentence: str) -> None:
    raise EndpointError(sentence, permanent=True, code="database_unfit")
