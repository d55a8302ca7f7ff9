"""One object from one storage to another, with its digest compared on arrival."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from hashlib import sha256

from byoc.adapters.storage.errors import StorageFailed
from byoc.contracts import StorageAdapter

_OTHER = "“%(name)s” gave back other bytes than were written. Do not use it."


def copied(
    name: str,
    source: StorageAdapter,
    target: StorageAdapter,
    *,
    replace: bool = False,
    media_type: str = "application/octet-stream",
) -> str:
    """The digest, once the target gave back the same bytes; else what came there is deleted again."""
    with closing(source.download(name)) as pieces:
        stored = target.upload(name, pieces, media_type, replace=replace)
    if digest_of(target.download(name)) != stored.digest:
        target.delete(name)
        raise StorageFailed("malformed", _OTHER, name=target.spec.name)
    return stored.digest


def digest_of(pieces: Generator[bytes, None, None]) -> str:
    digest = sha256()
    with closing(pieces):
        for piece in pieces:
            digest.update(piece)
    return digest.hexdigest()
