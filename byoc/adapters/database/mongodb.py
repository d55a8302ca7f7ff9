"""MongoDB: documents and knowledge of one organization, and never its rows.

An address may name the members of a replica set (`mongodb://a.example,b.example:27018`). Those are dialled
and no others: what a server says of further members is not followed, since nobody has judged those. TLS is
checked against the name, unless the options say `"tls": false`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from byoc.adapters.database import fields, roles
from byoc.adapters.database.reading import in_thread
from byoc.contracts import DatabaseState, EndpointSpec, Finding, Health, PoolState, health_of
from byoc.contracts.database import Ability, DatabaseAdapter
from humana.kernel.egress import EgressRefused, Guard, Origin
from humana.kernel.egress.addresses import parse
from humana.kernel.egress.names import address_of
from humana.kernel.errors import EndpointError, HumanaError, Invalid, Misconfigured
from tenants.context import TenantContext

if TYPE_CHECKING:
    from pymongo import MongoClient

#: How long a server may take to answer a connection, and one operation, in milliseconds.
CONNECT_MS, OPERATION_MS = 3_000, 20_000
#: The same for one operation while somebody waits to hear how the server is, in seconds.
PATIENCE = 5
#: Connections of one process to one server.
MOST_CONNECTIONS = 8
#: What looking at a database writes there for a moment.
PROBE = "humana_probe"


class MongoDB:
    """Whatever would need rows or transactions says that there are none."""

    asks = fields.MONGODB
    abilities: frozenset[Ability] = frozenset({"documents"})

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        unknown = sorted(set(spec.options) - self.asks.names)
        if unknown:
            raise Misconfigured(f"unknown option of a {spec.type} endpoint: {', '.join(unknown)}")
        self._spec, self._guard = spec, guard

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    @property
    def alias(self) -> str:
        raise no_rows()

    def settings(self, *, owner: bool = False) -> dict[str, Any]:
        raise no_rows()

    @property
    def members(self) -> list[Origin]:
        """The servers that the address names; EgressRefused for what is no address."""
        scheme, _sep, hosts = self.spec.url.partition("://")
        return [Origin.of(f"{scheme}://{host}", ports=self.asks.schemes) for host in hosts.split(",")]

    def dial(self, member: Origin) -> dict[str, Any]:
        """What MongoClient is given, with an address for a name; EgressRefused where nobody may dial it."""
        known = self.spec.credentials
        return {
            "host": address_of(member, self._guard),
            "port": member.port,
            "tls": self.spec.options.get("tls", True),
            "directConnection": True,
            "username": known.get("user"),
            "password": known.get("password"),
            "authSource": self.spec.options.get("auth_source", "admin"),
            "connectTimeoutMS": CONNECT_MS,
            "serverSelectionTimeoutMS": CONNECT_MS,
            "waitQueueTimeoutMS": CONNECT_MS,
            "socketTimeoutMS": OPERATION_MS,
            "maxPoolSize": MOST_CONNECTIONS,
            "maxIdleTimeMS": 60_000,
            "uuidRepresentation": "standard",
            "tz_aware": True,
            "w": "majority",
            "appname": "humana",
        }

    def client(self, member: Origin, *, operation_ms: int = OPERATION_MS) -> MongoClient[dict[str, Any]]:
        """A client of that server, which expects a certificate of its name. It dials when first asked."""
        from pymongo import MongoClient

        known = {**self.dial(member), "socketTimeoutMS": operation_ms}
        client: MongoClient[dict[str, Any]] = MongoClient(**known, connect=False)
        _expect_certificate(client, member.host)
        return client

    def still_granted(self, member: Origin, client: MongoClient[dict[str, Any]]) -> None:
        """Judge again what the client of that member dials. EgressRefused once it may no more."""
        for address, _port in client._topology_settings.seeds:
            self._guard.judge(member, parse(address))

    @contextmanager
    def connect(self, *, owner: bool = False, patience: int | None = None) -> Iterator[Any]:
        """The database at the member that takes writes just now. EndpointError for every failure."""
        from pymongo.errors import PyMongoError

        from byoc.adapters.database.mongo_words import failure

        client = self._writable(patience)
        try:
            yield client[str(self.spec.options["database"])]
        except PyMongoError as error:
            raise failure(error) from error
        finally:
            client.close()

    def _writable(self, patience: int | None) -> MongoClient[dict[str, Any]]:
        from pymongo.errors import NotPrimaryError, PyMongoError

        from byoc.adapters.database.mongo_words import failure

        failures: list[EndpointError] = []
        for member in self.members:
            try:
                client = self.client(member, operation_ms=1_000 * patience if patience else OPERATION_MS)
                try:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return client
                    raise NotPrimaryError("this member only follows another")
                except BaseException:
                    client.close()
                    raise
            except EgressRefused as refused:
                failures.append(refused)
            except PyMongoError as error:
                failures.append(failure(error))
        raise failures[0]

    def preflight(self, *, empty: bool = False) -> dict[str, Any]:
        raise no_rows()

    def validate(self, *, primary: DatabaseAdapter | None = None) -> tuple[Finding, ...]:
        try:
            state = self.state()
            self._may_write()
        except HumanaError as refused:
            return (roles.refused(refused),)
        return (roles.fact("engine", f"MongoDB {state.version}"),)

    def _may_write(self) -> None:
        """Write, change and delete one entry: what the role readWrite lets a user do."""
        from pymongo.errors import PyMongoError

        with self.connect(patience=PATIENCE) as database:
            probe = database[PROBE]
            try:
                probe.insert_one({"_id": 1})
                probe.update_one({"_id": 1}, {"$set": {"other": 2}})
                probe.create_index("other")
            finally:
                with suppress(PyMongoError):
                    probe.drop()

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        raise no_rows()

    def transaction(self) -> AbstractContextManager[Any]:
        raise no_rows()

    def create(self, context: TenantContext) -> None:
        raise no_rows()

    def migrate(self, context: TenantContext) -> None:
        raise no_rows()

    def enter(self, context: TenantContext) -> AbstractContextManager[Any]:
        raise no_rows()

    def seed(self, context: TenantContext, fill: Callable[[], None]) -> None:
        raise no_rows()

    def state(self) -> DatabaseState:
        with self.connect(patience=PATIENCE) as database:
            server = database.client.admin.command("hello")
            version = database.client.server_info().get("version", "")
            sizes = database.command("dbStats")
        return DatabaseState(
            version=str(version),
            writable=bool(server.get("isWritablePrimary")),
            size=int(sizes.get("dataSize", 0)) + int(sizes.get("indexSize", 0)),
        )

    def pool(self) -> PoolState:
        """Clients for documents are `documents.stores`' own; this adapter keeps none open."""
        return PoolState(0, 0, most=MOST_CONNECTIONS)

    async def health(self) -> Health:
        return (await self.look())[0]

    async def look(self) -> tuple[Health, DatabaseState | None]:
        """Health, and what the server said of itself where it did. Never raises."""
        began = monotonic()
        try:
            state = await in_thread(self.state)
        except HumanaError as error:
            return Health(False, monotonic() - began, error.code, str(error)), None
        return health_of((), monotonic() - began), state

    async def close(self) -> None:
        """Nothing is kept open."""


def no_rows() -> Invalid:
    """Why MongoDB cannot hold a whole organization."""
    message = _(
        "MongoDB cannot hold a whole organization: it has no row-level security, no references"
        " between rows and no transactions that the trail can rely on. Bring PostgreSQL or MariaDB;"
        " MongoDB can hold documents and knowledge."
    )
    return Invalid(message, field="engine", code="mongodb_holds_documents_only")


def _expect_certificate(client: MongoClient[dict[str, Any]], name: str) -> None:
    """The driver knows an address only; a certificate is made out to the name."""
    context: Any = client.options.pool_options._ssl_context
    if context is not None:
        wrap = context.wrap_socket
        context.wrap_socket = lambda sock, **more: wrap(sock, **{**more, "server_hostname": name})
