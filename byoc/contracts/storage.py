"""What every floor may know of a storage of files: objects with names, and how they go in and out.

    StorageAdapter    one endpoint, or one behind another: wrappers are adapters themselves
    Stored, Item      what was kept; what is there
    Finding           one sentence of a validation

Everything here waits for the network and may be called from any thread. Names are made by us, never by
people: parts of letters, digits and the like with "/" between; no part is "..".
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from byoc.contracts.endpoint import EndpointSpec, Health

Purpose: TypeAlias = Literal["documents", "attachments", "exports"]
PURPOSES: tuple[Purpose, ...] = ("documents", "attachments", "exports")


class Readable(Protocol):
    """A file opened for bytes, or anything that reads like one."""

    def read(self, size: int = -1, /) -> bytes: ...


#: Bytes in one piece, a file, or pieces as they come (those of a download, of a request).
Content: TypeAlias = bytes | Readable | Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept. `digest` is SHA-256 in hex, over what we sent; `size` in bytes."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Item:
    """What is there. `modified` is by the clock of the server, with its zone."""

    name: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried, and how it went: a sentence that says what to change where it did not.

    `sentence` is in the catalogue, with places for what is `told`; who shows it to people translates it.
    """

    step: str
    ok: bool
    sentence: str
    told: tuple[tuple[str, object], ...] = ()
    code: str = ""

    def __str__(self) -> str:
        return self.sentence % dict(self.told) if self.told else self.sentence


class StorageAdapter(Protocol):
    """Every method but `close` raises EndpointError with a sentence that says what to change there."""

    @property
    def spec(self) -> EndpointSpec: ...

    def upload(
        self,
        name: str,
        content: Content,
        media_type: str = "application/octet-stream",
        *,
        replace: bool = False,
    ) -> Stored:
        """Keep the content whole, or not at all. Memory stays bounded however much it is.

        Raises FileExistsError where the name is taken, unless `replace`; two who write one new name at
        the same time are kept apart where the server can (see docs/storage.md).
        """
        ...

    def download(self, name: str) -> Generator[bytes, None, None]:
        """The content in pieces. Raises FileNotFoundError at the first piece. Closed when left early
        with `contextlib.closing`."""
        ...

    def delete(self, name: str) -> None:
        """Afterwards it is not there; that it never was is no error."""
        ...

    def exists(self, name: str) -> bool: ...

    def find(self, name: str) -> Item | None:
        """What is there under this name; None where nothing is."""
        ...

    def list(self, prefix: str = "") -> Iterator[Item]:
        """Everything whose name begins so, page by page, in no order to rely on."""
        ...

    def signed_url(self, name: str, seconds: int = 300, filename: str = "") -> str:
        """An address that gives the object out to whoever has it, for so long and not longer.

        With `filename` browsers save it under that name. Nothing is asked of the server: the object may
        not be there. What `byoc.storage` gives out never lets a link live longer than `storage.link_seconds`.
        """
        ...

    def health(self) -> Health:
        """Ask for one name. Never raises."""
        ...

    def close(self) -> None:
        """Let the connections go; the adapter may be used again afterwards."""
        ...
