"""Files of documents in the organization's own storage: written whole or not at all, read into a bound.

The name in the storage is the id of the file's row; nothing that people send is part of it.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _

from byoc.contracts import Content, StorageAdapter, Stored
from byoc.storage import files_of, in_words
from documents.models import DocumentFile
from humana.kernel.errors import EndpointError, Unavailable
from tenants.context import current_tenant

#: The folder of the storage, and the role that serves it.
FOLDER = "documents"
#: How long to wait before what a storage could not do is tried again, in seconds.
AGAIN_IN = 15


class Upload(Protocol):
    """A file that somebody sends: Django's uploaded files are such."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, /) -> object: ...


class Damaged(Exception):
    """What is in the storage is not what was put there."""


def key_of(file_id: uuid.UUID) -> str:
    return f"{FOLDER}/{file_id.hex}"


def keep(key: str, content: Content, *, replace: bool = False) -> Stored:
    """As bytes of no type: no storage shows it as a page. Memory stays bounded however much it is.

    Raises Invalid (`too_large`), Unavailable where the storage does not answer just now, and EndpointError
    where somebody has to change something there; nothing is kept then.
    """
    with saying_so():
        stored: Stored = _files().upload(key, content, replace=replace)
    return stored


def erase(key: str) -> None:
    """Raises EndpointError. What is not there is erased."""
    _files().delete(key)


def address_of(file: DocumentFile, name: str) -> str:
    """An address that gives the file out as one to keep, to whoever has it and for a short while."""
    with saying_so():
        url: str = _files().signed_url(file.copied_from or file.key, filename=name)
    return url


def bring(file: DocumentFile) -> None:
    """Copy the content from where it is still to come from. Raises EndpointError, or FileNotFoundError."""
    with closing(_files().download(file.copied_from)) as pieces:
        _files().upload(file.key, pieces, replace=True)


@contextmanager
def fetched(file: DocumentFile) -> Iterator[Path]:
    """The content on this server's disk for the length of a block, never more of it than was kept.

    Raises EndpointError, FileNotFoundError where it is gone, Damaged where it is another.
    """
    with tempfile.TemporaryDirectory(prefix="humana-") as folder:
        path = Path(folder, "content")
        _fetch(file, path)
        yield path


def _fetch(file: DocumentFile, path: Path) -> None:
    digest, size = sha256(), 0
    with closing(_files().download(file.key)) as pieces, path.open("wb") as target:
        for piece in pieces:
            size += len(piece)
            if size > file.size:
                raise Damaged(file.key)
            digest.update(piece)
            target.write(piece)
    if digest.hexdigest() != file.digest:
        raise Damaged(file.key)


@contextmanager
def saying_so() -> Iterator[None]:
    """What a storage says in the person's language; one that is away for now is no fault of theirs."""
    try:
        with in_words():
            yield
    except EndpointError as error:
        if error.permanent:
            raise
        message = _(
            "The place where files are kept does not answer just now. Nothing was kept: try again soon."
        )
        raise Unavailable(message, retry_after=AGAIN_IN, code="storage_unreachable") from error


def _files() -> StorageAdapter:
    return files_of(current_tenant().organization_id, FOLDER)
