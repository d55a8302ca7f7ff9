"""What an alias of a placement's database stands for: settings as in DATABASES, from an Endpoint.

    at_p<id>_<version>    the platform's own, read outside every organization
    at_o<id>_<version>    an organization's, read inside it; from within another one it is not found

The version is that of the endpoint, so a changed address or password is another alias, with
another pool. An empty origin is the platform's own server: the same roles, another database.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from byoc.models import Endpoint
from byoc.sealing import credentials_of
from humana.kernel.egress import EgressRefused, Grant, Guard, Origin
from humana.kernel.egress.names import address_of
from humana.kernel.egress.tls import authorities, checked_against
from humana.kernel.errors import Invalid, Misconfigured, NotFound
from tenants.context import peek_tenant, use_tenant, without_tenant
from tenants.db.aliases import POOL, PREFIX
from tenants.owner import owner_settings
from tenants.queries import context_at

#: How long a customer's server may take to answer a connection, in seconds.
CONNECT_SECONDS = 3
#: The longest one statement may take there, in milliseconds.
STATEMENT_MS = 60_000
#: A network that is gone is noticed within a minute, though nothing is being said.
_ALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
ENGINES = {
    "postgresql": "tenants.db.backend",
    "mysql": "tenants.db.mysql",
    "sqlite": "tenants.db.sqlite",
}
PORTS = {"postgresql": 5432, "mysql": 3306}


def alias_of(endpoint: Endpoint) -> str:
    owner = "o" if endpoint.organization_id else "p"
    return f"{PREFIX}{owner}{endpoint.id.hex}_{endpoint.version}"


def open_database(alias: str, owner: bool = False) -> dict[str, Any]:
    """Settings of a database; with `owner`, of the role that owns the tables. See the port."""
    return settings_of(endpoint_of(alias), owner=owner)


def endpoint_of(alias: str) -> Endpoint:
    """The endpoint behind an alias. Raises NotFound for an old version, and outside its organization."""
    whose, key, version = _read(alias)
    rows = Endpoint.objects.filter(
        id=key, version=version, kind=Endpoint.Kind.DATABASE, state=Endpoint.State.READY
    )
    if whose == "p":
        with without_tenant(reason="an endpoint of the platform itself"):
            endpoint = rows.first()
    elif peek_tenant() is not None:
        endpoint = rows.first()
    else:
        endpoint = _as_its_organization(alias, rows)
    if endpoint is None:
        raise NotFound("no such database endpoint")
    return endpoint


def _as_its_organization(alias: str, rows: QuerySet[Endpoint]) -> Endpoint | None:
    """For commands and jobs that work on placements, in no organization."""
    whose = context_at(alias)
    if whose is None:
        return None
    with use_tenant(whose):
        return rows.first()


def require_rows(engine: str) -> None:
    """Invalid for an engine that cannot hold a whole organization, with the reason why."""
    if engine == "mongodb":
        message = _(
            "MongoDB cannot hold a whole organization: it has no row-level security, no references"
            " between rows and no transactions that the trail can rely on. Bring PostgreSQL or MariaDB;"
            " MongoDB can hold documents and knowledge."
        )
        raise Invalid(message, field="engine", code="mongodb_holds_documents_only")


def settings_of(endpoint: Endpoint, *, owner: bool = False) -> dict[str, Any]:
    """Settings of the database. Invalid for one that carries documents only; see `byoc.documents`."""
    require_rows(endpoint.type)
    build = _BUILDERS.get(endpoint.type)
    if build is None:
        raise Misconfigured(f"unknown type of database: {endpoint.type}")
    return {"CONN_MAX_AGE": 0, **build(endpoint, owner)}


def _postgresql(endpoint: Endpoint, owner: bool) -> dict[str, Any]:
    if not endpoint.origin:
        return _beside_ours(endpoint, owner)
    statement = f"-c statement_timeout={STATEMENT_MS}"
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        **_ALIVE,
        **_postgresql_tls(endpoint),
        "hostaddr": _dialled(endpoint),
    }
    if not owner:
        options["pool"] = POOL
    if not endpoint.options.get("pooler"):
        options["options"] = statement
    return {
        "ENGINE": ENGINES["postgresql"],
        "NAME": endpoint.options["database"],
        "ENTER_PER_TRANSACTION": bool(endpoint.options.get("pooler")),
        "DISABLE_SERVER_SIDE_CURSORS": bool(endpoint.options.get("pooler")),
        **_signed_in(endpoint, owner),
        "OPTIONS": options,
    }


def _postgresql_tls(endpoint: Endpoint) -> dict[str, str]:
    """libpq by itself trusts nobody but a file in the home of the process."""
    mode = endpoint.options.get("sslmode", "verify-full")
    checked = {"sslrootcert": authorities() or "system"} if mode.startswith("verify") else {}
    return {"sslmode": mode, **checked}


def _beside_ours(endpoint: Endpoint, owner: bool) -> dict[str, Any]:
    """Another database of the server that `default` is on."""
    ours = owner_settings() if owner else dict(connections.settings[DEFAULT_DB_ALIAS])
    options = {name: value for name, value in ours["OPTIONS"].items() if name != "pool"}
    if not owner:
        options["pool"] = POOL
    return {**ours, "NAME": endpoint.options["database"], "OPTIONS": options, "OURS": True}


def _mysql(endpoint: Endpoint, owner: bool) -> dict[str, Any]:
    return {
        "ENGINE": ENGINES["mysql"],
        "NAME": endpoint.options["database"],
        **_signed_in(endpoint, owner),
        "HOST": _dialled(endpoint),
        "OPTIONS": {
            **_mysql_tls(endpoint),
            "charset": "utf8mb4",
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": STATEMENT_MS // 1000,
            "write_timeout": STATEMENT_MS // 1000,
            "local_infile": False,  # a hostile server could ask for our files
            "isolation_level": "read committed",
            "init_command": "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'",
        },
    }


def _mysql_tls(endpoint: Endpoint) -> dict[str, Any]:
    """Encrypted and checked against the name, though an address is dialled; unless an operator said no."""
    if endpoint.options.get("sslmode") == "disable":
        return {}
    return {"ssl": checked_against(origin_of(endpoint).host)}


def _sqlite(endpoint: Endpoint, owner: bool) -> dict[str, Any]:
    folder = settings.HUMANA_HOME / "databases"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "ENGINE": ENGINES["sqlite"],
        "NAME": str(folder / f"{endpoint.id.hex}.sqlite3"),
        "OPTIONS": {
            "timeout": 10,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


_BUILDERS: dict[str, Callable[[Endpoint, bool], dict[str, Any]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlite": _sqlite,
}


def _signed_in(endpoint: Endpoint, owner: bool) -> dict[str, Any]:
    """One role, or two where the customer gave an owner beside it."""
    known = credentials_of(endpoint)
    prefix = "owner_" if owner and known.get("owner_user") else ""
    origin = origin_of(endpoint)
    return {
        "USER": known.get(f"{prefix}user", ""),
        "PASSWORD": known.get(f"{prefix}password", ""),
        "HOST": origin.host,
        "PORT": str(origin.port),
    }


@contextmanager
def in_words() -> Iterator[None]:
    """What the guard of the way out refuses, in the language of who reads it."""
    try:
        yield
    except EgressRefused as refused:
        raise EgressRefused(_(refused.sentence), **refused.told) from None


def origin_of(endpoint: Endpoint) -> Origin:
    """Scheme, host and port of the endpoint."""
    return Origin.of(endpoint.origin, ports=PORTS)


def _dialled(endpoint: Endpoint) -> str:
    """The one address this endpoint's name leads to, judged. An operator granted host and port."""
    origin = origin_of(endpoint)
    owner = str(endpoint.organization_id or "platform")
    grant = Grant(owner, origin.scheme, origin.port, f"database endpoint {endpoint.id}", host=origin.host)
    with in_words():
        return address_of(origin, Guard(owner, [grant]))


def _read(alias: str) -> tuple[str, uuid.UUID, int]:
    whose, rest = alias.removeprefix(PREFIX)[:1], alias.removeprefix(PREFIX)[1:]
    key, _sep, version = rest.partition("_")
    try:
        return whose, uuid.UUID(key), int(version)
    except ValueError:
        raise NotFound("no such database alias") from None
