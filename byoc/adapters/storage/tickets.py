"""Signed addresses of files on this server's own disk: a page of ours gives them out, see `byoc.views`."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass

from byoc.contracts import EndpointSpec
from humana.kernel.crypto import derived_key, same, sign
from humana.kernel.errors import NotFound

#: Where the page is.
AT = "/files/"
_KEY = "files of this server"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Which object of whose endpoint; `endpoint` is its id, empty for the platform's own by environment."""

    owner: str
    endpoint: str
    key: str
    filename: str


def address_of(spec: EndpointSpec, key: str, seconds: int, filename: str) -> str:
    """A path of this server, good for so many seconds."""
    told = json.dumps([spec.owner, spec.id, key, int(time.time()) + seconds, filename]).encode()
    text = base64.urlsafe_b64encode(told).decode().rstrip("=")
    return f"{AT}{text}.{sign(told, key=derived_key(_KEY))}"


def read_ticket(text: str) -> Ticket:
    """Raises NotFound for one that we did not write, or whose time is over."""
    body, _dot, signature = text.partition(".")
    try:
        told = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        raise NotFound("no such file") from None
    if not same(signature, sign(told, key=derived_key(_KEY))):
        raise NotFound("no such file")
    owner, endpoint, key, until, filename = json.loads(told)
    if time.time() > until:
        raise NotFound("no such file")
    return Ticket(owner, endpoint, key, filename)
