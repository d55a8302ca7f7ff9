"""What every engine that holds an organization's rows shares: Django does the work, `tenants.db` the rest."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar

from django.db import connections, transaction
from django.db.migrations.exceptions import MigrationSchemaMissing

from byoc.adapters.database import roles
from byoc.adapters.database.reading import in_thread
from byoc.contracts import DatabaseState, EndpointSpec, Finding, Health, PoolState, TypeSpec, health_of
from byoc.contracts.database import Ability, DatabaseAdapter
from humana.kernel.egress import EgressRefused, Guard, Origin
from humana.kernel.egress.names import address_of
from humana.kernel.errors import EndpointError, HumanaError, Misconfigured, Unavailable
from tenants.context import TenantContext, use_tenant
from tenants.db import preflight, replay
from tenants.db.aliases import PREFIX, held, introduced
from tenants.db.unreachable import unreachable
from tenants.owner import as_owner, unpooled

#: How long a customer's server may take to answer a connection, in seconds.
CONNECT_SECONDS = 3
#: The longest one statement may take there, in milliseconds.
STATEMENT_MS = 60_000
#: How long one answer may take while somebody waits to hear how the server is, in seconds.
PATIENCE = 5


class RowsAdapter:
    """A database by Django's settings. Engines say what those are, and how to ask the server how it is."""

    asks: ClassVar[TypeSpec]
    abilities: ClassVar[frozenset[Ability]] = frozenset({"rows", "transactions", "documents"})

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
        owner = "p" if self.spec.owner == "platform" else "o"
        return f"{PREFIX}{owner}{self.key.hex}_{self.spec.version}"

    @property
    def key(self) -> uuid.UUID:
        """Of the endpoint's row; without one, of what the spec says."""
        known = self.spec.id
        return uuid.UUID(known) if known else uuid.uuid5(uuid.NAMESPACE_URL, f"{self.spec.owner} {self.spec}")

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of the endpoint."""
        return Origin.of(self.spec.url, ports=self.asks.schemes)

    def settings(self, *, owner: bool = False) -> dict[str, Any]:
        return {"CONN_MAX_AGE": 0, **self._settings(owner)}

    def _settings(self, owner: bool) -> dict[str, Any]:
        raise NotImplementedError

    def _state(self, connection: Any) -> DatabaseState:
        raise NotImplementedError

    @contextmanager
    def introduced(self) -> Iterator[None]:
        """Within the block Django knows the database by its alias, whether or not a row tells of it."""
        with introduced(self.alias, self._open):
            yield

    @contextmanager
    def connect(self, *, owner: bool = False, patience: int | None = None) -> Iterator[Any]:
        role = as_owner if owner else unpooled
        with self.introduced(), _refusals(), role(self.alias, patience=patience):
            connection = connections[self.alias]
            with told():
                connection.ensure_connection()
            yield connection

    def preflight(self, *, empty: bool = False) -> dict[str, Any]:
        with self.introduced():
            return preflight.preflight(self.alias, empty=empty)

    def validate(self, *, primary: DatabaseAdapter | None = None) -> tuple[Finding, ...]:
        try:
            return tuple(self._found(primary))
        except HumanaError as refused:
            return (roles.refused(refused),)

    def _found(self, primary: DatabaseAdapter | None) -> Iterator[Finding]:
        """A database of its own can hold rows. Of replicas engines know more."""
        facts = self.preflight()
        yield roles.fact("engine", str(facts.get("engine", "")))
        state = self.state()
        yield from roles.judged(state, self.spec.role, self._most_lag)
        yield from roles.crowded(state)
        with self.connect(patience=PATIENCE) as connection, told():
            yield from self._advice(connection)

    def _advice(self, connection: Any) -> Iterator[Finding]:
        """What serves and could be better."""
        return iter(())

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.connect(patience=PATIENCE) as connection, told(), connection.cursor() as cursor:
            cursor.execute(statement, list(parameters))
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self.connect() as connection, transaction.atomic(using=self.alias):
            yield connection

    def create(self, context: TenantContext) -> None:
        self._must_hold(context)
        with self.introduced(), told():
            self._create(context)

    def _create(self, context: TenantContext) -> None:
        """Django's migrations, in a database that holds one organization."""
        replay.make_by_django(context.placement.id, context.placement.schema, alias=self.alias)

    def migrate(self, context: TenantContext) -> None:
        self._must_hold(context)
        with self.introduced(), told():
            replay.migrate_by_django(context.placement.schema, alias=self.alias)

    @contextmanager
    def enter(self, context: TenantContext) -> Iterator[TenantContext]:
        self._must_hold(context)
        with self.introduced(), use_tenant(context):
            yield context

    def seed(self, context: TenantContext, fill: Callable[[], None]) -> None:
        with self.enter(context), transaction.atomic(using=self.alias):
            fill()

    def state(self) -> DatabaseState:
        with self.connect(patience=PATIENCE) as connection, told():
            return self._state(connection)

    def pool(self) -> PoolState:
        known = held(self.alias)
        return PoolState(known.open, known.in_use, known.waiting, known.most)

    async def health(self) -> Health:
        return (await self.look())[0]

    async def look(self) -> tuple[Health, DatabaseState | None]:
        """Health, and what the server said of itself where it did. Never raises."""
        began = monotonic()
        try:
            state = await self._asked()
        except HumanaError as error:
            code = error.code if isinstance(error, EndpointError) else "unreachable"
            return Health(False, monotonic() - began, code, str(error)), None
        found = roles.judged(state, self.spec.role, self._most_lag)
        return health_of(found, monotonic() - began), state

    async def _asked(self) -> DatabaseState:
        """The state, without holding up the loop. Raises HumanaError."""
        return await in_thread(self.state)

    async def close(self) -> None:
        """Connections of the alias are the process's, which closes them when nobody needs them."""

    @property
    def _most_lag(self) -> float:
        return float(self.spec.options.get("most_lag_seconds") or roles.MOST_LAG)

    def _open(self, alias: str, owner: bool = False) -> dict[str, Any]:
        return self.settings(owner=owner)

    def _must_hold(self, context: TenantContext) -> None:
        if context.placement.alias != self.alias:
            raise Misconfigured(f"the placement of {context.slug} is not in {self.spec.name}")

    def _dialled(self) -> str:
        """The one address that the endpoint's name leads to, judged."""
        return address_of(self.origin, self._guard)

    def _signed_in(self, owner: bool) -> dict[str, str]:
        """One role, or two where the customer gave an owner beside it."""
        known = self.spec.credentials
        prefix = "owner_" if owner and known.get("owner_user") else ""
        return {
            "USER": known.get(f"{prefix}user", ""),
            "PASSWORD": known.get(f"{prefix}password", ""),
            "HOST": self.origin.host,
            "PORT": str(self.origin.port),
        }


@contextmanager
def _refusals() -> Iterator[None]:
    """Who works there is told that the database is silent; who looks at it, what the guard refused."""
    try:
        yield
    except Unavailable as silent:
        if isinstance(silent.__cause__, EgressRefused):
            raise silent.__cause__ from None
        raise


@contextmanager
def told() -> Iterator[None]:
    """Whatever a driver says within the block, as a sentence: it may be no such server at all."""
    try:
        yield
    except HumanaError:
        raise
    except MigrationSchemaMissing as error:
        raise unreachable(error.__context__ or error) from error
    except Exception as error:
        raise unreachable(error) from error
