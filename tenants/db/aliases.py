"""Databases besides `default`: known when first asked for, forgotten when long unused.

Django keeps its databases in one dict for the process and an open connection per thread. Customers'
databases are too many for that, so `connections.settings` asks here for an alias it does not know,
and here it is bounded:

    a process     knows at most HUMANA_MOST_DATABASES of them; the longest unused goes first, with
                  its pool, and never one that somebody is connected to
    a thread      closes what it opened when it leaves the organization (`close_mine`), itself:
                  once an alias is forgotten, nobody else would find that connection

A name is resolved when an alias is learned. Where no connection can be made it is learned anew, since
the name may lead elsewhere by now (`reaching`, `latest`). Whether it may be dialled at all is asked before
each connection, and where that is over the pool is closed (`still_granted`).

An alias names one version of one address (see `open_database` in `humana.kernel.ports`), so a
pool never hands out a connection made with another customer's credentials, or with old ones.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from django.conf import settings
from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.egress import EgressRefused
from humana.kernel.errors import EndpointError, Unavailable
from tenants.db import breaker

#: What every alias of ours begins with.
PREFIX = "at_"
#: A pool for a customer's server: nothing is kept open for long, and never many.
POOL = {"min_size": 0, "max_size": 2, "timeout": 5, "max_idle": 60, "num_workers": 1}

#: Among the settings of an alias: no connection could be made with them.
LOST = "LOST"
#: Among the settings of an alias: the failover by which they lead elsewhere, empty for none.
INSTEAD = "INSTEAD"
#: Among the settings of an alias: raises EgressRefused once its address may not be dialled any more.
GRANTED = "GRANTED"


class Opener(Protocol):
    """Settings of an alias, as the port `open_database` gives them."""

    def __call__(self, alias: str, owner: bool = False) -> dict[str, Any]: ...


_introduced: ContextVar[Mapping[str, Opener]] = ContextVar("humana_introduced", default=MappingProxyType({}))
_lock = threading.RLock()
_known: OrderedDict[str, weakref.WeakSet[BaseDatabaseWrapper]] = OrderedDict()
_mine = threading.local()


class OnDemand(dict[str, Any]):
    """`connections.settings`: what is in DATABASES, and any placement's database when asked for.

    Whoever walks over all of them sees DATABASES only: Django does so twice in each request.
    """

    def __init__(self, databases: dict[str, Any]) -> None:
        super().__init__(databases)
        self.placements: dict[str, dict[str, Any]] = {}

    def __contains__(self, alias: object) -> bool:
        if super().__contains__(alias) or alias in self.placements:
            return True
        if not isinstance(alias, str) or not alias.startswith(PREFIX):
            return False
        _learn(self, alias)
        return True

    def __missing__(self, alias: str) -> dict[str, Any]:
        if alias not in self:
            raise KeyError(alias)
        return self.placements[alias]


def install() -> None:
    """Let Django find placements' databases. Once per process, when apps are ready."""
    if not isinstance(connections.settings, OnDemand):
        connections.settings = OnDemand(connections.settings)
        connection_created.connect(_opened, dispatch_uid="humana.aliases")
        request_finished.connect(_finished, dispatch_uid="humana.aliases")


@contextmanager
def introduced(alias: str, opener: Opener) -> Iterator[None]:
    """Within the block `opener` says what the alias stands for, though no row may tell of it yet.

    What the process did not know before it has forgotten afterwards.
    """
    was_known = alias in known()
    token = _introduced.set({**_introduced.get(), alias: opener})
    try:
        yield
    finally:
        _introduced.reset(token)
        if not was_known:
            forget(alias)


def opened(alias: str, *, owner: bool = False) -> dict[str, Any]:
    """What an alias stands for: as introduced, or else as the port knows. EndpointError, NotFound."""
    known = _introduced.get().get(alias)
    return ports.open_database(alias, owner=owner) if known is None else known(alias, owner=owner)


@dataclass(frozen=True, slots=True)
class Held:
    """Connections of one alias in this process. `most` is None where nothing bounds them but threads."""

    open: int
    in_use: int
    waiting: int = 0
    most: int | None = None


def held(alias: str) -> Held:
    """How many connections this process has there now."""
    pool = _pools().get(alias)
    if pool is not None:
        told = pool.get_stats()
        size, idle = told.get("pool_size", 0), told.get("pool_available", 0)
        return Held(size, size - idle, told.get("requests_waiting", 0), told.get("pool_max"))
    with _lock:
        busy = sum(one.connection is not None for one in list(_known.get(alias, ())))
    return Held(busy, busy)


def close_mine(keep: str | None = None) -> None:
    """Close what this thread opened outside `default`, but for the alias it goes on using."""
    opened: dict[str, BaseDatabaseWrapper] = getattr(_mine, "opened", {})
    for alias in [one for one in opened if one != keep]:
        connection = opened.get(alias)
        if connection is None:
            continue  # closing another one looked something up, and closed this one on its way back
        if not connection.in_atomic_block:
            del opened[alias]
            connection.close()
            _let_go(alias, connection)


def lend_default() -> None:
    """What follows waits for somebody else: this thread's connection to `default` goes back to the pool."""
    ours = connections[DEFAULT_DB_ALIAS]
    if not ours.in_atomic_block:
        ours.close()


def known() -> list[str]:
    """Aliases this process has settings for, the longest unused first."""
    with _lock:
        return list(_known)


def forget(alias: str) -> None:
    """Drop the settings and the pool, whether or not somebody is still connected."""
    with _lock:
        _known.pop(alias, None)
        registered: Any = connections.settings
        registered.placements.pop(alias, None)
        _close_pool(alias)
    breaker.forget(alias)


@contextmanager
def reaching(alias: str, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Around making a connection; see `breaker.asking`. What failed is looked for anew after the pause."""
    try:
        with breaker.asking(alias, failures):
            yield
    except failures:
        _lose(alias)
        raise


def latest(alias: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """The settings to connect with: those given, unless they led nowhere since, or lead elsewhere by now."""
    if INSTEAD in wanted and not wanted.get(LOST) and ports.instead_of(alias) != wanted[INSTEAD]:
        _lose(alias)
        breaker.forget(alias)
        wanted[LOST] = True
    if not wanted.get(LOST):
        return wanted
    fresh: dict[str, Any] = connections.settings[alias]
    return fresh


def still_granted(alias: str, known: dict[str, Any]) -> None:
    """Unavailable where an operator withdrew leave to dial the address; its open connections end, too."""
    ask = known.get(GRANTED)
    try:
        if ask is not None:
            ask()
    except EgressRefused as refused:
        _lose(alias)
        raise breaker.shut() from refused


def _lose(alias: str) -> None:
    """Threads that have the settings in hand see that they are old. Nobody waits for the pool to end."""
    registered: Any = connections.settings
    with _lock:
        known = registered.placements.pop(alias, None)
        if known is None:
            return
        _known.pop(alias, None)
        known[LOST] = True
        pool = _pools().pop(alias, None)
    if pool is not None:
        pool.close(timeout=0)


def forget_all() -> None:
    for alias in known():
        forget(alias)
    breaker.forget_all()


def _learn(registered: OnDemand, alias: str) -> None:
    """For who works there a name that leads nowhere is a server that does not answer."""
    try:
        wanted = opened(alias)
    except EndpointError as error:
        raise (breaker.shut() if _is_shut(error) else breaker.silent()) from error
    with _lock:
        if alias not in registered.placements:
            _make_room()
            registered.placements[alias] = complete(wanted)
            _known[alias] = weakref.WeakSet()


def _is_shut(error: EndpointError) -> bool:
    """A name that leads nowhere may lead somewhere tomorrow; that is no refusal."""
    return isinstance(error, EgressRefused) and error.permanent


def complete(wanted: dict[str, Any]) -> dict[str, Any]:
    """The settings with what Django adds by default."""
    both = {DEFAULT_DB_ALIAS: dict(connections.settings[DEFAULT_DB_ALIAS]), "one": wanted}
    settings_of_one: dict[str, Any] = connections.configure_settings(both)["one"]
    return settings_of_one


def _make_room() -> None:
    while len(_known) >= settings.HUMANA_MOST_DATABASES:
        idle = next(_idle(), None)
        if idle is None:
            raise Unavailable(
                _("Too many organizations with databases of their own are at work. Try again in a moment."),
                code="too_many_databases",
            )
        forget(idle)


def _idle() -> Iterator[str]:
    return (alias for alias, users in _known.items() if all(one.connection is None for one in list(users)))


def _opened(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if not connection.alias.startswith(PREFIX):
        return
    if not hasattr(_mine, "opened"):
        _mine.opened = {}
    _mine.opened[connection.alias] = connection
    with _lock:
        users = _known.setdefault(connection.alias, weakref.WeakSet())
        users.add(connection)
        _known.move_to_end(connection.alias)


def _finished(**kwargs: Any) -> None:
    close_mine()


def _let_go(alias: str, connection: BaseDatabaseWrapper) -> None:
    """This thread forgets the wrapper, unless it has another one by now (`as_owner`)."""
    threads_own: Any = connections
    if getattr(threads_own._connections, alias, None) is connection:
        del connections[alias]


def _close_pool(alias: str) -> None:
    pool = _pools().pop(alias, None)
    if pool is not None:
        pool.close(timeout=2)


def _pools() -> dict[str, Any]:
    from django.db.backends.postgresql.base import DatabaseWrapper

    pools: dict[str, Any] = DatabaseWrapper._connection_pools  # type: ignore[attr-defined]
    return pools
