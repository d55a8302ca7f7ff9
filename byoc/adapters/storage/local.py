"""A folder of this server. For the platform, and for organizations whom an operator gives one."""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from byoc.adapters.storage import tickets
from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.content import PIECE, Measured
from byoc.adapters.storage.errors import Act
from byoc.contracts import EndpointSpec, Item
from humana.kernel.egress import Guard
from humana.kernel.errors import Misconfigured

_HALF = re.compile(r"\.[0-9a-f]{32}\.part")
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


class Local(Storage):
    """Files for our own user only. A file is there whole or not at all, and survives a power cut."""

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        super().__init__(spec, guard)
        folder = self._options.folder
        if not folder or not os.path.isabs(folder):
            raise Misconfigured(f"{spec.name!r} needs a folder, from the root of the server's disk")
        self.storage = FileSystemStorage(location=folder)

    @property
    def bucket(self) -> str:
        return str(self.storage.location)

    def path(self, name: str) -> Path:
        """Where the object is on the disk."""
        return Path(self.storage.path(self._key(name)))

    def erase_folder(self, name: str) -> None:
        """The folder itself, with empty ones in it and halves of files that somebody was cut off from."""
        shutil.rmtree(self.path(name), ignore_errors=True)

    def _path(self, key: str) -> Path:
        return Path(self.storage.path(key))

    def _write(self, key: str, content: Measured, media_type: str, replace: bool) -> None:
        path = self._path(key)
        _make_folder(path.parent)
        half = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                while piece := content.read(PIECE):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            _put(half, path, replace)
        finally:
            with suppress(FileNotFoundError):
                half.unlink()

    def _read(self, key: str) -> Iterator[bytes]:
        with self._path(key).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def _delete(self, key: str) -> None:
        self._path(key).unlink()

    def _find(self, key: str, name: str) -> Item | None:
        path = self._path(key)
        return _item(path, name) if path.is_file() else None

    def _list(self, begin: str) -> Iterator[Item]:
        folder, _slash, _last = begin.rpartition("/")
        root = self._path(folder) if folder else Path(self.storage.location)
        for path in _files_below(root):
            key = path.relative_to(self.storage.location).as_posix()
            if key.startswith(begin):
                with suppress(FileNotFoundError):  # deleted meanwhile
                    yield _item(path, key)

    def _sign(self, key: str, seconds: int, filename: str) -> str:
        return tickets.address_of(self._spec, key, seconds, filename)

    def _is_missing(self, error: Exception, act: Act) -> bool:
        """A name below a file, or one that is a folder."""
        return act in ("read", "delete") and isinstance(error, NotADirectoryError | IsADirectoryError)


def _make_folder(folder: Path) -> None:
    """Each that is missing, for our own user only."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def _put(half: Path, path: Path, replace: bool) -> None:
    if replace:
        half.replace(path)
        return
    try:
        os.link(half, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if path.exists():
            raise FileExistsError(path.name) from None
        half.replace(path)


def _files_below(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(files) if not _HALF.fullmatch(name))


def _item(path: Path, name: str) -> Item:
    known = path.stat()
    return Item(name, known.st_size, datetime.fromtimestamp(known.st_mtime, UTC))
