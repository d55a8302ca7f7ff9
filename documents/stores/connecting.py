"""The one place that connects to MongoDB: clients kept open, and failures told as ours.

A client keeps its connections and threads for as long as its endpoint stays as it is; of many, the
longest unused is closed. One that lost its server is forgotten, so that the next operation asks
anew where the server is, and which member of a replica set takes writes. Before each operation it is
asked whether the server may still be dialled; where an operator withdrew that, the client is closed.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, DuplicateKeyError, NotPrimaryError, PyMongoError

from byoc.documents import failure, mongodb_of
from byoc.models import Endpoint
from humana.kernel.egress import EgressRefused, Origin

Client = MongoClient[dict[str, Any]]
Indexes = Mapping[str, Sequence[IndexModel]]
Key = tuple[int, uuid.UUID, int]
#: A client, and the member of the endpoint that it speaks with.
Kept = tuple[Client, Origin]

#: Clients that one process keeps open.
MOST = 32

_clients: OrderedDict[Key, Kept] = OrderedDict()
_lock = threading.Lock()


class Server:
    """The database that an endpoint names, with the indexes that `prepare` asks for."""

    def __init__(self, endpoint: Endpoint, indexes: Indexes) -> None:
        self._endpoint = endpoint
        self._indexes = indexes

    @contextmanager
    def collection(self, name: str) -> Iterator[Collection[dict[str, Any]]]:
        """For one operation. Raises EndpointError for every failure but DuplicateKeyError."""
        key = (os.getpid(), self._endpoint.id, self._endpoint.version)
        try:
            kept = _known(key) or _keep(key, self._open())
            client = self._still_granted(key, kept)
            yield client[self._endpoint.options["database"]][name]
        except DuplicateKeyError:
            raise
        except PyMongoError as error:
            if isinstance(error, AutoReconnect):
                _forget(key)
            raise failure(error) from error

    def _still_granted(self, key: Key, kept: Kept) -> Client:
        client, member = kept
        try:
            mongodb_of(self._endpoint).still_granted(member, client)
        except EgressRefused:
            _forget(key)
            raise
        return client

    def _open(self) -> Kept:
        """A client of the server that takes writes just now, with the indexes there."""
        failures: list[PyMongoError | EgressRefused] = []
        adapter = mongodb_of(self._endpoint)
        for member in adapter.members:
            try:
                return self._prepared(adapter.client(member)), member
            except (PyMongoError, EgressRefused) as why:
                failures.append(why)
        raise failures[0]

    def _prepared(self, client: Client) -> Client:
        try:
            if not client.admin.command("hello").get("isWritablePrimary"):
                raise NotPrimaryError("this member only follows another")
            for name, indexes in self._indexes.items():
                client[self._endpoint.options["database"]][name].create_indexes(list(indexes))
        except BaseException:
            client.close()
            raise
        return client


def forget_all() -> None:
    """Close every client of this process."""
    with _lock:
        gone = list(_clients.values())
        _clients.clear()
    for client, _member in gone:
        client.close()


def _known(key: Key) -> Kept | None:
    with _lock:
        if key in _clients:
            _clients.move_to_end(key)
        return _clients.get(key)


def _keep(key: Key, opened: Kept) -> Kept:
    """The client to use: that of another thread which was quicker, or this one."""
    with _lock:
        kept = _clients.setdefault(key, opened)
        gone = [_clients.pop(old) for old in _outdated(key)]
    if kept is not opened:
        gone.append(opened)
    for old, _member in gone:
        old.close()
    return kept


def _outdated(key: Key) -> list[Key]:
    """Earlier versions of the endpoint; and the longest unused, where there are too many."""
    process, endpoint, version = key
    earlier = [one for one in _clients if one[:2] == (process, endpoint) and one[2] < version]
    others = [one for one in _clients if one not in earlier and one != key]
    return [*earlier, *others[: max(0, len(others) + 1 - MOST)]]


def _forget(key: Key) -> None:
    with _lock:
        kept = _clients.pop(key, None)
    if kept is not None:
        kept[0].close()
