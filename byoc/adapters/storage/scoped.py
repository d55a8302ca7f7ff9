"""A part of a storage as if it were the whole: nothing outside of it can be named."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace as changed

from byoc.adapters.storage.names import checked, checked_prefix
from byoc.contracts import Content, EndpointSpec, Health, Item, StorageAdapter, Stored


class Scoped:
    """Everything below one folder, as `<organization>/documents`; the adapter inside knows whole names."""

    def __init__(self, inner: StorageAdapter, folder: str) -> None:
        self.inner = inner
        self._folder = f"{checked(folder)}/"

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
        stored = self.inner.upload(self._whole(name), content, media_type, replace=replace)
        return changed(stored, name=name)

    def download(self, name: str) -> Generator[bytes, None, None]:
        return self.inner.download(self._whole(name))

    def delete(self, name: str) -> None:
        self.inner.delete(self._whole(name))

    def exists(self, name: str) -> bool:
        return self.inner.exists(self._whole(name))

    def find(self, name: str) -> Item | None:
        found = self.inner.find(self._whole(name))
        return changed(found, name=name) if found else None

    def list(self, prefix: str = "") -> Iterator[Item]:
        for item in self.inner.list(self._folder + checked_prefix(prefix)):
            yield changed(item, name=item.name[len(self._folder) :])

    def signed_url(self, name: str, seconds: int = 300, filename: str = "") -> str:
        return self.inner.signed_url(self._whole(name), seconds, filename)

    def health(self) -> Health:
        return self.inner.health()

    def close(self) -> None:
        self.inner.close()

    def _whole(self, name: str) -> str:
        """Checked alone: joined to the folder, a name could pass for one beside it."""
        return self._folder + checked(name)
