"""How an endpoint is after one more look: bad after three bad ones in a row, good again after two good.

Of the environment's endpoints there are no rows: what is known of them is kept in Valkey.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from django.core.cache import caches
from redis.exceptions import RedisError

from byoc.contracts import EndpointSpec, Health

#: Bad probes in a row until an endpoint is bad, and good ones until it is good again.
BAD_AFTER = 3
GOOD_AFTER = 2
#: What is known of the environment's endpoints is forgotten when nobody looked for so long; seconds.
KEPT = 3_600

State: TypeAlias = Literal["unknown", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields of an `EndpointHealth`, without its row."""

    state: State = "unknown"
    in_a_row: int = 0
    since: datetime | None = None
    probed_at: datetime | None = None
    well_at: datetime | None = None
    milliseconds: int | None = None
    code: str = ""
    message: str = ""


def after(
    reading: Reading, found: Health, at: datetime, *, bad_after: int = BAD_AFTER, good_after: int = GOOD_AFTER
) -> Reading:
    """The reading once `found` is known. The first good look says good; the first bad one says nothing."""
    said: State = "good" if found.ok else "bad"
    contrary = said != reading.state
    in_a_row = reading.in_a_row + 1 if contrary else 0
    needed = bad_after if said == "bad" else (good_after if reading.state == "bad" else 1)
    turned = contrary and in_a_row >= needed
    return replace(
        reading,
        state=said if turned else reading.state,
        in_a_row=0 if turned else in_a_row,
        since=at if turned else reading.since,
        probed_at=at,
        well_at=at if found.ok else reading.well_at,
        milliseconds=round(found.seconds * 1000),
        code=found.code,
        message=found.message,
    )


def readings_of(specs: Iterable[EndpointSpec]) -> list[tuple[EndpointSpec, Reading]]:
    """What is known of the environment's endpoints; nothing of them without Valkey."""
    wanted = {_key(spec): spec for spec in specs}
    try:
        found = caches["platform"].get_many(wanted)
    except (RedisError, OSError):
        found = {}
    return [(spec, found.get(key, Reading())) for key, spec in wanted.items()]


def keep_readings(readings: Iterable[tuple[EndpointSpec, Reading]]) -> None:
    """Where Valkey is down they are lost, and begin anew."""
    try:
        caches["platform"].set_many({_key(spec): reading for spec, reading in readings}, KEPT)
    except (RedisError, OSError):
        return


def _key(spec: EndpointSpec) -> str:
    return f"reading:{spec.name}"
