"""ETag and the conditions a client may put: change it only if it is still what I saw.

A tag is `"<version>.<digest>"`. GET compares the whole of it with If-None-Match; an edit compares
the version with If-Match, so a new name of something shown beside it does not stop anybody.
Without If-Match the last writer wins.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from django.utils.translation import gettext as _
from rest_framework.request import Request

from humana.kernel.errors import StaleVersion

_VERSION = re.compile(r'^"(\d{1,18})\.[0-9a-f]{16}"\Z')


def tag(body: bytes, version: int) -> str:
    """The entity tag of a representation."""
    return f'"{version}.{blake2b(body, digest_size=8).hexdigest()}"'


def unchanged(request: Request, current: str) -> bool:
    """Has the client of this GET the representation already?"""
    wanted = _tags(request.headers.get("If-None-Match", ""))
    return "*" in wanted or current in {one.removeprefix("W/") for one in wanted}


def expected(request: Request, current: int) -> int | None:
    """The version this edit is meant for; None where the client does not mind.

    StaleVersion if it is not the current one. The service compares again in its transaction.
    """
    sent = request.headers.get("If-Match")
    if sent is None or "*" in _tags(sent):
        return None
    versions = {int(found[1]) for one in _tags(sent) if (found := _VERSION.match(one))}
    if current not in versions:
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    return current


def _tags(header: str) -> set[str]:
    return {one.strip() for one in header[:2000].split(",")}
