"""`Idempotency-Key`: the same POST sent again gives the same answer and no second effect.

A POST is done in the placement that its body names, and there its key is kept: both commit together.
"""

from __future__ import annotations

import functools
import json
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from typing import Any

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from humana.kernel.crypto import associated
from humana.kernel.errors import Invalid
from humana.kernel.ports import answer_once
from tenants.places import within

HEADER = "Idempotency-Key"
#: What of an answer is kept beside its body.
KEPT = ("Content-Type", "ETag", "Location")
_KEY = re.compile(r"^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?\Z")

Post = Callable[..., HttpResponse]


def repeatable(post: Post) -> Post:
    """Make a `post` method honour the header. Every view does, by `ApiView.__init_subclass__`."""

    @functools.wraps(post)
    def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        with _where(view.placed_by, request):
            return once(view, request, *args, **kwargs)

    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not _KEY.match(key):
            message = _("Idempotency-Key must be 1 to 255 visible ASCII characters.")
            raise Invalid(message, field=HEADER, code="bad_idempotency_key")
        status, kept, replayed = answer_once(
            member_id=view.member.id,
            key=key,
            fingerprint=_fingerprint(request),
            act=lambda: _pack(post(view, request, *args, **kwargs)),
        )
        return _unpack(status, kept, replayed=replayed)

    return wrapper


def _where(placed_by: Mapping[str, str], request: Request) -> AbstractContextManager[object]:
    """A block where the first of these things is that the body names."""
    for name, finder in placed_by.items():
        value = _id(request.data.get(name)) if isinstance(request.data, dict) else None
        if value is not None:
            return within(finder, value)
    return nullcontext()


def _id(told: object) -> uuid.UUID | None:
    """None for what is no id: reading the body says so."""
    try:
        return uuid.UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _fingerprint(request: Request) -> str:
    """What makes two requests the same: method, address, body. White space in JSON does not count."""
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=False, default=_digest)
    return sha256(associated(str(request.method), request.path.rstrip("/"), body)).hexdigest()


def _digest(file: UploadedFile) -> str:
    """A file that came with it, by its content."""
    file.seek(0)
    found = sha256()
    for piece in file.chunks():
        found.update(piece)
    file.seek(0)
    return found.hexdigest()


def _pack(response: HttpResponse) -> tuple[int, bytes]:
    headers = {name: response[name] for name in KEPT if response.has_header(name)}
    return response.status_code, msgspec.json.encode(headers) + b"\n" + response.content


def _unpack(status: int, kept: bytes, *, replayed: bool) -> HttpResponse:
    headers, _line, body = kept.partition(b"\n")
    response = HttpResponse(body, status=status)
    for name, value in msgspec.json.decode(headers, type=dict[str, str]).items():
        response[name] = value
    if replayed:
        response["Idempotent-Replayed"] = "true"
    return response
