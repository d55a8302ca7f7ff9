"""What a customer's database must bring before a row is put there; each refusal says what to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import Error, connections
from django.utils.translation import gettext as _

from humana.kernel.errors import EndpointError
from tenants.db.aliases import lend_default
from tenants.owner import as_owner, unpooled

#: The oldest PostgreSQL that has what we rely on.
OLDEST_POSTGRESQL = 14
OLDEST_MARIADB = (10, 6)


def preflight(alias: str, *, lend: bool = False) -> dict[str, Any]:
    """Connect as the owner and as the application and look; facts for the report.

    With `lend`, this thread holds no connection of ours while it waits for that server: for a web
    process, where threads never outnumber connections. A worker keeps the one it has.
    """
    facts: dict[str, Any] = {}
    for role, owner in ((as_owner, True), (unpooled, False)):
        with role(alias):
            if lend:
                lend_default()
            facts |= _look(connections[alias], owner=owner)
    return facts


def _look(connection: Any, *, owner: bool) -> dict[str, Any]:
    try:
        return _CHECKS[connection.vendor](connection, owner)
    except Error as error:
        raise unreachable(error) from None


def unreachable(error: Exception) -> EndpointError:
    """A sentence for what a driver said; its own words may name what is none of the reader's business."""
    text = str(error).lower()
    for signs, sentence, permanent in _said():
        if any(sign in text for sign in signs):
            return EndpointError(sentence, permanent=permanent, code="database_unreachable")
    message = _("The database did not answer as expected. See that it is running and reachable.")
    return EndpointError(message, permanent=False, code="database_unreachable")


def _said() -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """What drivers say, the sentence for it, and whether trying again is in vain."""
    yield (
        ("password authentication failed", "access denied", "no password supplied"),
        _("The database refuses the user or the password. Check both."),
        True,
    )
    yield (
        ("does not exist", "unknown database"),
        _("There is no database of this name on the server. Create it, or correct the name."),
        True,
    )
    yield (
        ("certificate", "ssl", "tls"),
        _("No encrypted connection could be made. Check the server's certificate."),
        True,
    )
    yield (
        ("too many", "remaining connection slots"),
        _("The server has no connection left for us. Allow more connections for this user."),
        False,
    )
    yield (
        ("disk full", "no space left", "could not extend"),
        _("The server's disk is full. Make room, then try again."),
        False,
    )
    yield (
        ("refused", "timeout", "timed out", "could not connect", "can't connect", "unreachable"),
        _("The server does not answer. Check address, port and firewall."),
        False,
    )


def _postgresql(connection: Any, owner: bool) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL)
        version, encoding, read_only, powerful, creates = cursor.fetchone()
    if version // 10_000 < OLDEST_POSTGRESQL:
        _refuse(_("PostgreSQL %(oldest)d or newer is needed.") % {"oldest": OLDEST_POSTGRESQL})
    if encoding != "UTF8":
        _refuse(_("The database must be encoded in UTF8. Create one with ENCODING 'UTF8'."))
    if read_only:
        _refuse(_("The server only reads, as a replica does. Give the address of the primary."))
    if powerful:
        _refuse(
            _("The user steps around row-level security. Give one that is neither superuser nor BYPASSRLS.")
        )
    if owner and not creates:
        _refuse(_("The user may not create schemas. Grant it CREATE on the database."))
    return {"engine": f"PostgreSQL {version // 10_000}.{version % 10_000}"}


_POSTGRESQL = """
    SELECT current_setting('server_version_num')::int, pg_encoding_to_char(d.encoding),
           current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(),
           (SELECT bool_or(r.rolsuper OR r.rolbypassrls) FROM pg_roles r
            WHERE pg_has_role(current_user, r.oid, 'MEMBER')),
           has_database_privilege(d.datname, 'CREATE')
    FROM pg_database d WHERE d.datname = current_database()
"""


def _mysql(connection: Any, owner: bool) -> dict[str, Any]:
    if not connection.mysql_is_mariadb or connection.mysql_version < OLDEST_MARIADB:
        _refuse(_("MariaDB %(oldest)s or newer is needed.") % {"oldest": "10.6"})
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


_CHECKS = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}


def _refuse(sentence: str) -> None:
    raise EndpointError(sentence, permanent=True, code="database_unfit")
