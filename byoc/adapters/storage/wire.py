"""The guarded way out for each SDK: what it may be told of time, and how its connections are made.

Of large objects only S3 answers in one piece; the others are asked for parts, so that whatever else they
answer may be small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from byoc.contracts import EndpointSpec
from humana.kernel.egress import Guard, Origin
from humana.kernel.errors import Misconfigured

if TYPE_CHECKING:
    import requests

    from humana.kernel.egress.pools import Way

SMALL = 32 * 1024 * 1024
LARGE = 1024**4
#: Bytes per second: what moves slower than this uses up its seconds.
LEAST_RATE = 64 * 1024


class StorageOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an endpoint's options may say, whatever its type. Times are seconds.

    `seconds` is what a request may take, beside the time its bytes need at 64 KiB/s. `backup` is the name of
    the endpoint that takes what cannot be written here.
    """

    prefix: str = ""
    backup: str = ""
    connect_seconds: float = 5.0
    seconds: float = 30.0

    bucket: str = ""
    region: str = ""

    account: str = ""
    container: str = ""

    project: str = ""
    emulator: bool = False

    folder: str = ""


def read_options(spec: EndpointSpec) -> StorageOptions:
    """Raises Misconfigured for an unknown name or a value of the wrong type."""
    try:
        return msgspec.convert(dict(spec.options), StorageOptions)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"The options of the endpoint {spec.name!r}: {error}") from None


def way_to(url: str, guard: Guard, options: StorageOptions, *, most: int = SMALL) -> Way:
    """Raises EgressRefused for an address that may not be dialled."""
    from humana.kernel.egress.limits import Limits
    from humana.kernel.egress.pools import Way

    limits = Limits(seconds=options.seconds, max_bytes=most, least_rate=LEAST_RATE)
    return Way(Origin.of(url), guard, limits, options.connect_seconds)


def session_to(url: str, guard: Guard, options: StorageOptions, *, most: int = SMALL) -> requests.Session:
    import requests

    from humana.kernel.egress.sessions import guarded_session

    return guarded_session(requests.Session(), way_to(url, guard, options, most=most))
