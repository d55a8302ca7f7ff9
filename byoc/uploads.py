"""Files on their way in: what is too large is let go as it comes, before anything of it is on a disk."""

from __future__ import annotations

from typing import Any, Never

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from byoc.config_keys import MAX_UPLOAD_BYTES
from humana.kernel import measures
from humana.kernel.errors import Invalid
from tenants.config.resolver import resolve_for
from tenants.context import peek_tenant

#: Files of the largest size that one request may bring.
MOST_AT_ONCE = 10


class TooLarge(Invalid):
    """A file is larger than the organization takes."""

    status, default_code = 413, "too_large"


class Bounded(FileUploadHandler):
    """The first of the upload handlers, for every form there is.

    A file is counted as it comes. One that is larger than `storage.max_upload_bytes`, or that comes to
    where there is no organization, is read past and kept nowhere; `refuse_too_large` then says so.
    """

    chunk_size = FileUploadHandler.chunk_size

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._most, self._all, self._of_this = 0, 0, 0

    def handle_raw_input(self, *arguments: Any, **named: Any) -> None:
        here = peek_tenant()
        self._most = int(resolve_for(here.organization_id, MAX_UPLOAD_BYTES)) if here else 0

    def new_file(self, *arguments: Any, **named: Any) -> None:
        super().new_file(*arguments, **named)
        self._of_this = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._of_this += len(raw_data)
        self._all += len(raw_data)
        if self._of_this > self._most or self._all > self._most * MOST_AT_ONCE:
            self._let_go()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""

    def _let_go(self) -> Never:
        if self.request is not None:
            self.request.let_go = self._most  # type: ignore[attr-defined]
        raise SkipFile


def refuse_too_large(request: HttpRequest) -> None:
    """Raises TooLarge where a file of this request was let go. Reads the body."""
    request.FILES  # noqa: B018 - what comes is judged as it is read
    most: int | None = getattr(request, "let_go", None)
    if most is not None:
        message = _("This file is larger than %(most)s, the most that your organization takes.")
        raise TooLarge(message % {"most": measures.size(most)}, field="file")
