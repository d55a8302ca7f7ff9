"""Databases on the platform's own PostgreSQL server, made and dropped by the owner."""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.utils.translation import gettext as _
from psycopg import errors, sql

from humana.kernel.errors import Unavailable
from tenants.owner import owner_connection, owner_settings
from tenants.roles_sql import Role, ensure_grants


def create_database(name: str) -> None:
    """A database of our roles, closed to everybody else. One that is there stays."""
    owner, app = Role(owner_settings()["USER"], ""), Role(settings.HUMANA_APP_ROLE, "")
    with owner_connection() as admin:
        if not _is_there(admin, name):
            admin.execute(_CREATE.format(name=sql.Identifier(name), owner=sql.Identifier(owner.name)))
    with owner_connection(name=name) as inside:
        ensure_grants(inside, owner=owner, app=app)


def drop_database(name: str) -> None:
    """Raises Unavailable while a process still keeps a connection; its pool lets go in a minute."""
    with owner_connection() as admin:
        if not _is_there(admin, name):
            return
        closed = sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}")
        admin.execute(closed.format(sql.Identifier(name), sql.Identifier(settings.HUMANA_APP_ROLE)))
        try:
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except errors.ObjectInUse:
            message = _("The database is still in use; it is removed as soon as the last connection ends.")
            raise Unavailable(message, retry_after=20, code="database_in_use") from None


_CREATE = sql.SQL("CREATE DATABASE {name} OWNER {owner} ENCODING 'UTF8' TEMPLATE template1")


def _is_there(admin: psycopg.Connection, name: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None
