"""A storage that takes no file larger than was said, and whose links open no longer than was said."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from byoc.adapters.storage.content import pieces_of
from byoc.contracts import Content, EndpointSpec, Health, Item, StorageAdapter, Stored
from humana.kernel.errors import Invalid


class Limited:
    """`most_bytes` and `link_seconds` are asked at the moment they count; None is no limit.

    A link that asks for no time of its own opens as long as one may.
    """

    def __init__(
        self,
        inner: StorageAdapter,
        *,
        most_bytes: Callable[[], int | None],
        link_seconds: Callable[[], int],
        too_large: Callable[[int], str],
    ) -> None:
        self.inner = inner
        self._most_bytes, self._link_seconds, self._too_large = most_bytes, link_seconds, too_large

    @property
    def spec(self) -> EndpointSpec:
        return self.inner.spec

    def upload(
        self,
        name: str,
        content: Content,
        media_type: str = "application/octet-stream",
        *,
        replace: bool = False,
    ) -> Stored:
        """Raises Invalid (`too_large`) as soon as more than that has come; nothing of it is kept."""
        most = self._most_bytes()
        counted = content if most is None else self._counted(content, most)
        return self.inner.upload(name, counted, media_type, replace=replace)

    def download(self, name: str) -> Generator[bytes, None, None]:
        return self.inner.download(name)

    def delete(self, name: str) -> None:
        self.inner.delete(name)

    def exists(self, name: str) -> bool:
        return self.inner.exists(name)

    def find(self, name: str) -> Item | None:
        return self.inner.find(name)

    def list(self, prefix: str = "") -> Iterator[Item]:
        return self.inner.list(prefix)

    def signed_url(self, name: str, seconds: int | None = None, filename: str = "") -> str:
        most = self._link_seconds()
        return self.inner.signed_url(name, most if seconds is None else min(seconds, most), filename)

    def health(self) -> Health:
        return self.inner.health()

    def close(self) -> None:
        self.inner.close()

    def _counted(self, content: Content, most: int) -> Iterator[bytes]:
        """The same in pieces, one of them in memory at a time."""
        size = 0
        for piece in pieces_of(content):
            size += len(piece)
            if size > most:
                raise Invalid(self._too_large(most), field="file", code="too_large")
            yield piece
