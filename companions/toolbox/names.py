"""What a model calls a tool: the short name of its server, two underscores, the tool's own name."""

from __future__ import annotations

import re
from hashlib import sha256

LONGEST = 64
SEPARATOR = "__"
_OTHER = re.compile(r"[^a-zA-Z0-9_-]")


def offered_name(slug: str, tool: str) -> str:
    """At most 64 of [a-zA-Z0-9_-], the same for a tool always, and never the same for two of a server.

    A name that does not fit as it is ends in a few digits of its digest.
    """
    plain = f"{slug}{SEPARATOR}{_OTHER.sub('_', tool)}"
    if plain == f"{slug}{SEPARATOR}{tool}" and len(plain) <= LONGEST:
        return plain
    mark = "-" + sha256(tool.encode(errors="replace")).hexdigest()[:8]
    return plain[: LONGEST - len(mark)] + mark
