"""A backup that takes what the primary cannot, and remembers all of it until it is brought back."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import IO, Literal, Protocol, TypeAlias

from byoc.adapters.storage.content import pieces_of
from byoc.contracts import Content, EndpointSpec, Health, Item, StorageAdapter, Stored
from humana.kernel.errors import EndpointError

Where: TypeAlias = Literal["", "backup", "gone"]
#: Up to so many bytes wait in memory, in case they have to be sent a second time; more on the disk.
IN_MEMORY = 4 * 1024 * 1024
#: What another storage helps against; a wrong key is for a person to mend.
HELPED = frozenset({"unreachable", "timeout", "overloaded", "cut", "rate_limited"})


class Ledger(Protocol):
    """What is at the backup, and what is to be deleted at the primary; whole names, kept durably."""

    def diverted(self) -> bool:
        """Whether the primary is not to be asked at all just now."""
        ...

    def note(self, name: str, where: Where) -> None: ...
    def where(self, name: str) -> Where: ...
    def noted(self, prefix: str) -> dict[str, Where]: ...


class Fallback:
    """Reads ask the primary for all but what is noted; of an object only the primary has there is no copy."""

    def __init__(self, primary: StorageAdapter, backup: StorageAdapter, ledger: Ledger) -> None:
        self.primary, self.backup, self._ledger = primary, backup, ledger

    @property
    def spec(self) -> EndpointSpec:
        return self.primary.spec

    def upload(
        self,
        name: str,
        content: Content,
        media_type: str = "application/octet-stream",
        *,
        replace: bool = False,
    ) -> Stored:
        where = self._ledger.where(name)
        if where == "backup" and not replace:
            raise FileExistsError(name)
        with _rewindable(content) as again:
            if not where and not self._ledger.diverted():
                try:
                    return self.primary.upload(name, again, media_type, replace=replace)
                except EndpointError as error:
                    if error.code not in HELPED:
                        raise
                    again.seek(0)
            stored = self.backup.upload(name, again, media_type, replace=True)
        self._ledger.note(name, "backup")
        return stored

    def download(self, name: str) -> Generator[bytes, None, None]:
        with closing(self._holder(name).download(name)) as pieces:
            yield from pieces

    def delete(self, name: str) -> None:
        if self._ledger.where(name) == "backup":
            self.backup.delete(name)
        if not self._ledger.diverted():
            try:
                self.primary.delete(name)
            except EndpointError as error:
                if error.code not in HELPED:
                    raise
            else:
                self._ledger.note(name, "")
                return
        self._ledger.note(name, "gone")

    def exists(self, name: str) -> bool:
        return self.find(name) is not None

    def find(self, name: str) -> Item | None:
        try:
            return self._holder(name).find(name)
        except FileNotFoundError:
            return None

    def list(self, prefix: str = "") -> Iterator[Item]:
        noted = self._ledger.noted(prefix)
        for item in self.primary.list(prefix):
            if item.name not in noted:
                yield item
        if "backup" in noted.values():
            yield from (item for item in self.backup.list(prefix) if noted.get(item.name) == "backup")

    def signed_url(self, name: str, seconds: int = 300, filename: str = "") -> str:
        return self._holder(name).signed_url(name, seconds, filename)

    def health(self) -> Health:
        return self.primary.health()

    def close(self) -> None:
        self.primary.close()
        self.backup.close()

    def _holder(self, name: str) -> StorageAdapter:
        where = self._ledger.where(name)
        if where == "gone":
            raise FileNotFoundError(name)
        return self.backup if where == "backup" else self.primary


def _rewindable(content: Content) -> IO[bytes]:
    """To be read twice, from a place of its own that goes when it is closed."""
    made = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
    for piece in pieces_of(content):
        made.write(piece)
    made.seek(0)
    return made
