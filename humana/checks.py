"""Start-up checks: an installation that could leak refuses to start.

humana.E001   the application's database role could bypass row-level security
humana.E002   the application's database role may create or truncate tables
humana.E003   HUMANA_SEAL_KEY is missing or malformed
humana.E004   the PostgreSQL server is below its security floor (an error in production)
humana.W004   the same, where only a warning is possible (the embedded server)
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import OperationalError, connection

from humana.kernel.crypto import derived_key
from humana.kernel.errors import Misconfigured

#: Oldest minor release of each PostgreSQL major without a known hole in row-level security.
FLOORS = {14: 25, 15: 20, 16: 16, 17: 12, 18: 7}


@register(Tags.security)
def seal_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        derived_key("check")
    except (Misconfigured, ValueError):
        return [Error("HUMANA_SEAL_KEY must be 32 random bytes in base64.", id="humana.E003")]
    return []


@register(Tags.database)
def database_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Asked with `check --database default`, and by every web process and worker as it starts."""
    if "default" not in (databases or []) or _migrating():
        return []
    return [*role_problems(), *server_problems()]


def _migrating() -> bool:
    """The owner may, and must, do what the application may not."""
    return bool(connection.settings_dict["USER"] != settings.HUMANA_APP_ROLE)


def role_problems() -> list[CheckMessage]:
    row = _ask(
        "SELECT rolsuper OR rolbypassrls, has_schema_privilege(oid, 'public', 'CREATE')"
        " OR has_database_privilege(oid, current_database(), 'CREATE')"
        " FROM pg_roles WHERE rolname = current_user"
    )
    owns = _ask("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
    truncates = _ask(
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace <> 'pg_catalog'::regnamespace"
        " AND relnamespace <> 'information_schema'::regnamespace AND has_table_privilege(oid, 'TRUNCATE')"
    )
    found: list[CheckMessage] = []
    if row is None or row[0]:
        hint = "Use a role that is neither superuser nor BYPASSRLS in DATABASE_URL."
        found.append(Error("The database role could bypass row-level security.", hint=hint, id="humana.E001"))
    elif row[1] or owns[0] or truncates[0]:
        hint = "Run `manage.py database_bootstrap`, and migrate with DATABASE_OWNER_URL."
        found.append(
            Error("The database role may create, own or truncate tables.", hint=hint, id="humana.E002")
        )
    return found


def server_problems() -> list[CheckMessage]:
    version: int = int(_ask("SELECT current_setting('server_version_num')")[0])
    major, minor = divmod(version, 10000)
    floor = FLOORS.get(major)
    if (floor is not None and minor >= floor) or major > max(FLOORS):
        return []
    text = f"PostgreSQL {major}.{minor} is below the security floor ({major}.{floor or '?'})."
    if getattr(settings, "HUMANA_SERVER_FLOOR_IS_ERROR", False):
        return [Error(text, hint="Update the server.", id="humana.E004")]
    return [
        Caution(text, hint="Fine for trying things out on this machine, not for customers.", id="humana.W004")
    ]


def _ask(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def refuse_unsafe_start() -> list[str]:
    """Called by web and worker processes: raises on errors, returns the warnings to show.

    A server that cannot be reached is not an unsafe one; readiness says that it is missing.
    """
    try:
        found = [*seal_key(None), *role_problems(), *server_problems()]
    except OperationalError:
        return []
    finally:
        connection.close()
    errors = [message for message in found if message.is_serious()]
    if errors:
        raise Misconfigured("; ".join(f"{one.id} {one.msg} {one.hint or ''}".strip() for one in errors))
    return [f"{one.id} {one.msg}" for one in found]
