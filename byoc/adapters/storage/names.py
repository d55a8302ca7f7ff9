"""Names of objects: made by us, the same in every storage, and leading nowhere else."""

from __future__ import annotations

import re

from byoc.contracts import EndpointSpec
from humana.kernel.errors import Invalid, Misconfigured

#: Bytes; what the strictest of the storages takes is 1,024, with the folder before it.
LONGEST = 900
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\\]")


class BadName(Invalid):
    """The name could lead out of where it belongs, or some storage would not take it."""

    default_code = "bad_name"


def checked(name: str) -> str:
    """The name itself; BadName for one that two storages could read differently."""
    parts = name.split("/")
    if not all(_is_plain(part) for part in parts) or _UNSEEN.search(name) or len(name.encode()) > LONGEST:
        raise BadName(f"{name[:80]!r} cannot be the name of an object")
    return name


def checked_prefix(prefix: str) -> str:
    """The beginning of names: the same, but that it may be empty, or end with a part that is not whole."""
    whole, _slash, last = prefix.rpartition("/")
    if whole:
        checked(whole)
    if _UNSEEN.search(last) or (prefix and not whole and prefix.startswith("/")):
        raise BadName(f"{prefix[:80]!r} cannot be the beginning of a name")
    return prefix


def folder_of(spec: EndpointSpec) -> str:
    """What comes before every key at this endpoint, with a "/" behind it; empty for nothing."""
    folder = str(spec.options.get("prefix") or "").strip("/")
    try:
        return f"{checked(folder)}/" if folder else ""
    except BadName:
        raise Misconfigured(f"{folder[:80]!r} cannot be the folder of {spec.name}") from None


def _is_plain(part: str) -> bool:
    """Azure drops dots at the end, Windows blanks; a tilde is somebody's home to a few."""
    return bool(part) and part not in (".", "..") and not part.endswith((".", " ")) and part == part.strip()
