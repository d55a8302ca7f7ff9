"""Files of an organization: a folder of its own for each, and no way from one into another.

The storage `default`. A name is one inside the organization we are in; outside of all every call raises
NoTenant. The first part of a name says what it is for, and by that which of the organization's storages it
is in (`byoc.storage`, through a port). Files follow the organization, not its placement: a move leaves them
where they are.
"""

from __future__ import annotations

import tempfile
import uuid
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Never

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from humana.kernel import ports
from tenants.context import current_tenant

#: Up to so many bytes of an opened file are in memory; more are on the disk.
IN_MEMORY = 1024 * 1024


@deconstructible
class TenantFiles(Storage):
    """A name that leads outside raises SuspiciousFileOperation; no file has an address: a view gives it out,
    having asked who may."""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return _Opened(self, name, mode)

    def _save(self, name: str, content: Any) -> str:
        media_type = getattr(content, "content_type", None) or "application/octet-stream"
        while True:
            try:
                content.seek(0)
                _do("upload", name, content, media_type)
            except FileExistsError:
                name = self.get_available_name(name)
            else:
                return name

    def delete(self, name: str) -> None:
        _do("delete", name)

    def exists(self, name: str) -> bool:
        return bool(_do("exists", name))

    def size(self, name: str) -> int:
        return int(_found(name).size)

    def get_modified_time(self, name: str) -> datetime:
        modified: datetime = _found(name).modified
        return modified

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files in it. FileNotFoundError for one in which nothing is, as there are no others."""
        folder = "" if path in ("", ".") else _checked(path) + "/"
        rest = [item.name.removeprefix(folder) for item in _storage(folder or "documents").list(folder)]
        if folder and not rest:
            raise FileNotFoundError(path)
        folders = sorted({one.partition("/")[0] for one in rest if "/" in one})
        return folders, [one for one in rest if "/" not in one]

    def path(self, name: str) -> str:
        """Where it is on this server's disk. NotImplementedError where it is not."""
        storage = _storage(name)
        inner = getattr(storage, "inner", None)
        inner = getattr(inner, "inner", inner)
        if inner is None or not hasattr(inner, "path"):
            raise NotImplementedError("this organization's files are not on the disk of this server")
        return str(inner.path(f"{current_tenant().organization_id.hex}/{_checked(name)}"))

    def url(self, name: str | None) -> Never:
        raise NotImplementedError("files have no address: they are read through a view")


class _Opened(File):  # type: ignore[type-arg]
    """For reading, the whole of it; for writing, kept when it is closed."""

    def __init__(self, files: TenantFiles, name: str, mode: str) -> None:
        self._writes = "w" in mode
        made = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `close`
        _checked(name)
        if self._writes:
            current_tenant()
        else:
            with closing(_do("download", name)) as pieces:
                for piece in pieces:
                    made.write(piece)
            made.seek(0)
        super().__init__(made, name)
        self._made = made

    def close(self) -> None:
        if self._writes and not self._made.closed:
            self._made.seek(0)
            _do("upload", str(self.name), self._made, replace=True)
        super().close()


def _found(name: str) -> Any:
    found = _do("find", name)
    if found is None:
        raise FileNotFoundError(name)
    return found


def _do(act: str, name: str, *arguments: Any, **more: Any) -> Any:
    return getattr(_storage(name), act)(_checked(name), *arguments, **more)


def _storage(name: str) -> Any:
    return ports.files_of(current_tenant().organization_id, name.partition("/")[0])


def _checked(name: str) -> str:
    """The name, as every storage reads it."""
    parts = str(name).replace("\\", "/").split("/")
    if not all(parts) or {".", ".."} & set(parts):
        raise SuspiciousFileOperation(f"{str(name)[:80]!r} leads out of the organization's files")
    return "/".join(parts)


def folder_of(organization_id: uuid.UUID) -> str:
    """Where all files of the organization are that are on this server's own disk."""
    return str(Path(settings.HUMANA_FILES).absolute() / organization_id.hex)


def erase_files(organization_id: uuid.UUID) -> int:
    """Nothing of it is left in the platform's storages, nor the folder; how many files there were."""
    return ports.erase_files(organization_id)
