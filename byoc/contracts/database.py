"""What every floor may know of a database behind an endpoint: whether it serves, and how to work in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from byoc.contracts.endpoint import EndpointSpec, Health
from byoc.contracts.findings import Finding

if TYPE_CHECKING:
    from tenants.context import TenantContext

#: What an engine can do; who asks for what it cannot is told so by Invalid.
Ability: TypeAlias = Literal[
    "rows",  # holds a whole organization: tables, references, migrations
    "transactions",  # what is done within one is done whole or not at all
    "row_level_security",  # keeps several organizations apart by itself
    "skip_locked",  # workers share a queue of rows without waiting for each other
    "documents",  # holds documents and knowledge
]


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A server as it is now.

    `writable`: it takes changes from us. `in_recovery`: it follows another server. `lag_seconds` is how old
    what is read there may be: None where the server does not say. `size` is in bytes. `connections` are
    everybody's, `most_connections` what the server allows our user. `system` is the same for a server and
    all that follow it; empty where the server does not say.
    """

    version: str
    writable: bool
    in_recovery: bool = False
    lag_seconds: float | None = None
    size: int | None = None
    connections: int | None = None
    most_connections: int | None = None
    system: str = ""


@dataclass(frozen=True, slots=True)
class PoolState:
    """This process's connections there. `waiting` are threads without one; `most` None is unbounded."""

    open: int
    in_use: int
    waiting: int = 0
    most: int | None = None


class DatabaseAdapter(Protocol):
    """A database behind an endpoint.

    Made from a spec and a guard alone, so that it can be looked at before any row tells of it. But for
    `health` everything is for threads, not for an event loop. What a server says is told as EndpointError,
    in a sentence that says what to change; what the engine cannot do, as Invalid.
    """

    @property
    def spec(self) -> EndpointSpec: ...

    @property
    def abilities(self) -> frozenset[Ability]: ...

    @property
    def alias(self) -> str:
        """The name that the database has in Django's `connections`: of one version of the endpoint."""
        ...

    def settings(self, *, owner: bool = False) -> dict[str, Any]:
        """As in DATABASES, of the application or of the role that owns the tables. The address is judged."""
        ...

    def connect(self, *, owner: bool = False, patience: int | None = None) -> AbstractContextManager[Any]:
        """A connection of this thread's own, closed after the block. `patience`: seconds for one answer."""
        ...

    def preflight(self, *, empty: bool = False) -> dict[str, Any]:
        """Facts of a database that can hold rows; EndpointError says why it cannot. See `tenants.db`."""
        ...

    def validate(self, *, primary: DatabaseAdapter | None = None) -> tuple[Finding, ...]:
        """Whether it can serve in its role. A replica and a backup are compared with their `primary`."""
        ...

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that one statement gives, as the application's role."""
        ...

    def transaction(self) -> AbstractContextManager[Any]:
        """A connection on which everything in the block is kept, or nothing of it."""
        ...

    def create(self, context: TenantContext) -> None:
        """Every table of one organization, in its placement; again after a change of the code is harmless."""
        ...

    def migrate(self, context: TenantContext) -> None:
        """Every table brought to what the code needs."""
        ...

    def enter(self, context: TenantContext) -> AbstractContextManager[Any]:
        """Be in that organization: what the block asks of models is asked here, of its rows alone."""
        ...

    def seed(self, context: TenantContext, fill: Callable[[], None]) -> None:
        """Run `fill` in the organization: all that it writes is kept, or nothing."""
        ...

    def state(self) -> DatabaseState:
        """Ask the server, within seconds."""
        ...

    def pool(self) -> PoolState: ...

    async def health(self) -> Health:
        """Ask the server with our user, within seconds. Never raises.

        Codes beside those of `Failure`: `database_unreachable`; `read_only` for a primary that takes no
        changes; `not_following` and `lagging` for a replica.
        """
        ...

    async def close(self) -> None:
        """Let go of what this process keeps open there."""
        ...
