"""A part of a storage whose uploads arrive where files are kept when they end, not when they began."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from byoc.adapters.storage.copying import copied, digest_of
from byoc.adapters.storage.scoped import Scoped
from byoc.contracts import Content, StorageAdapter, Stored
from humana.kernel.errors import EndpointError


class Following(Scoped):
    """An upload may take longer than a change of storage: then it is carried after the others.

    Until then whoever uploads has no answer, so nothing refers to the object yet: a process that is killed
    before it leaves nothing that anybody waits for. `now` gives the storage that is written to.
    """

    def __init__(self, inner: StorageAdapter, folder: str, now: Callable[[], StorageAdapter]) -> None:
        super().__init__(inner, folder)
        self._now = now

    def upload(
        self,
        name: str,
        content: Content,
        media_type: str = "application/octet-stream",
        *,
        replace: bool = False,
    ) -> Stored:
        stored = super().upload(name, content, media_type, replace=replace)
        here, whole = self.inner, self._whole(name)
        while (there := self._now()).spec.id != here.spec.id:
            _carry(whole, here, there, media_type, stored.digest, replace=replace)
            here = there
        return stored


def _carry(
    name: str, here: StorageAdapter, there: StorageAdapter, media_type: str, digest: str, *, replace: bool
) -> None:
    """Nothing of it stays where it was written: whoever empties that has perhaps been there already.

    Raises FileExistsError where something else has the name by now.
    """
    try:
        copied(name, here, there, replace=replace, media_type=media_type)
    except FileExistsError:
        if digest_of(there.download(name)) != digest:
            raise
    with suppress(EndpointError):
        here.delete(name)
