"""A storage that takes the place of another while what the other has is still being brought over."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Protocol

from byoc.contracts import Content, EndpointSpec, Health, Item, StorageAdapter, Stored


class Tombs(Protocol):
    """What was deleted meanwhile, so that it is not brought over; whole names."""

    def put(self, name: str) -> None: ...
    def has(self, name: str) -> bool: ...


class Moving:
    """Writes go to the new one. What is not there yet is read from the old one."""

    def __init__(self, new: StorageAdapter, old: StorageAdapter, tombs: Tombs) -> None:
        self.new, self.old, self._tombs = new, old, tombs

    @property
    def spec(self) -> EndpointSpec:
        return self.new.spec

    def upload(
        self,
        name: str,
        content: Content,
        media_type: str = "application/octet-stream",
        *,
        replace: bool = False,
    ) -> Stored:
        if not replace and self._in_old(name):
            raise FileExistsError(name)
        return self.new.upload(name, content, media_type, replace=replace)

    def download(self, name: str) -> Generator[bytes, None, None]:
        where = self.new if self.new.exists(name) or self._tombs.has(name) else self.old
        with closing(where.download(name)) as pieces:
            yield from pieces

    def delete(self, name: str) -> None:
        """From both: what somebody deletes is gone. The tomb first, for who is just bringing it over."""
        self._tombs.put(name)
        self.new.delete(name)
        self.old.delete(name)

    def exists(self, name: str) -> bool:
        return self.new.exists(name) or self._in_old(name)

    def find(self, name: str) -> Item | None:
        found = self.new.find(name)
        return found or (None if self._tombs.has(name) else self.old.find(name))

    def list(self, prefix: str = "") -> Iterator[Item]:
        """The names of the new one are in memory until the old one is read to its end."""
        seen = set[str]()
        for item in self.new.list(prefix):
            seen.add(item.name)
            yield item
        for item in self.old.list(prefix):
            if item.name not in seen and not self._tombs.has(item.name):
                yield item

    def signed_url(self, name: str, seconds: int = 300, filename: str = "") -> str:
        where = self.new if self.new.exists(name) or self._tombs.has(name) else self.old
        return where.signed_url(name, seconds, filename)

    def health(self) -> Health:
        return self.new.health()

    def close(self) -> None:
        self.new.close()
        self.old.close()

    def _in_old(self, name: str) -> bool:
        return not self._tombs.has(name) and self.old.exists(name)
