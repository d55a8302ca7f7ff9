"""Many looks at endpoints as one asyncio job: bounded, each with its own deadline, in no fixed order.

    for batch in looks(targets): …      batches of what was found, as it comes

The job runs in a thread of its own and touches no rows. Whoever iterates keeps what was found, and holds no
connection between two batches. One that does not answer takes one of `AT_ONCE` places until its deadline;
the endpoints of one owner are asked in turns with everybody else's.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from queue import Empty, SimpleQueue
from typing import Protocol, TypeAlias

from django.db import connections
from django.utils import timezone

from byoc.adapters.database import make as make_database
from byoc.adapters.identity import make as make_identity
from byoc.adapters.llm.probing import probe
from byoc.adapters.monitoring import make as make_monitoring
from byoc.adapters.storage import make as make_storage
from byoc.checking import Check
from byoc.contracts import EndpointSpec, Health
from humana.kernel.egress import EgressRefused, Guard
from humana.kernel.errors import EndpointError, HumanaError
from humana.kernel.registry import Registry

log = logging.getLogger(__name__)

#: Looks at the same time.
AT_ONCE = 200
#: Of these, in threads: kinds whose drivers know no event loop.
THREADS = 32
#: How long one look may take, in seconds. A driver that goes on after it keeps its thread, not our time.
SECONDS = 10.0
#: Looks begin within this many seconds of each other, so that no service gets all of them in one moment.
JITTER = 0.2
#: What is found within this many seconds is one batch.
BATCH = 0.25

Looker: TypeAlias = Callable[[EndpointSpec, Guard], Awaitable[Health]]


class Asked(Protocol):
    """What adapters of every kind have in common."""

    async def health(self) -> Health: ...
    async def close(self) -> None: ...


def _by(make: Callable[[EndpointSpec, Guard], Asked]) -> Looker:
    """What the adapter itself says of its health: less than a validation asks, and nothing is left behind."""

    async def look(spec: EndpointSpec, guard: Guard) -> Health:
        adapter = make(spec, guard)
        try:
            return await adapter.health()
        finally:
            await adapter.close()

    return look


def _storage(spec: EndpointSpec, guard: Guard) -> Health:
    adapter = make_storage(spec, guard)
    try:
        return adapter.health()
    finally:
        adapter.close()


#: Kinds that are looked at without a thread.
LOOKERS: Registry[Looker] = Registry("look at an endpoint")
LOOKERS.add("llm", probe)
LOOKERS.add("database", _by(make_database))
LOOKERS.add("identity", _by(make_identity))
LOOKERS.add("monitoring", _by(make_monitoring))
#: Those whose SDKs know no event loop.
THREADED: Registry[Check] = Registry("look at an endpoint in a thread")
THREADED.add("storage", _storage)
#: A webhook would be rung by every look.
NEVER = frozenset({("monitoring", "webhook")})


@dataclass(frozen=True, slots=True)
class Target:
    """Where to look, for whom. `organization_id` None is the platform itself."""

    organization_id: uuid.UUID | None
    spec: EndpointSpec
    guard: Guard


@dataclass(frozen=True, slots=True)
class Look:
    """What was found there, and when."""

    target: Target
    health: Health
    at: datetime


def can_be_looked_at(kind: str, type_: str) -> bool:
    return (kind in LOOKERS or kind in THREADED) and (kind, type_) not in NEVER


def looks(
    targets: Iterable[Target], *, at_once: int = AT_ONCE, seconds: float = SECONDS, jitter: float = JITTER
) -> Iterator[list[Look]]:
    """Look at all of them. Never raises for what is found."""
    found: SimpleQueue[Look | None] = SimpleQueue()
    job = _Job(in_turns(targets), found, seconds, jitter)
    thread = threading.Thread(target=job.run, args=[at_once], name="probes", daemon=True)
    thread.start()
    try:
        while batch := _batch(found):
            yield batch
    finally:
        job.todo.clear()
        thread.join(2 * seconds)


def in_turns(targets: Iterable[Target]) -> deque[Target]:
    """One of each owner, then the next of each: who has many waits for nobody longer than others do."""
    by_owner: dict[object, list[Target]] = defaultdict(list)
    for target in targets:
        by_owner[target.organization_id].append(target)
    queues = list(by_owner.values())
    random.shuffle(queues)
    for queue in queues:
        random.shuffle(queue)
    return deque(one for turn in zip_longest(*queues) for one in turn if one is not None)


def _batch(found: SimpleQueue[Look | None]) -> list[Look]:
    """What comes within a moment; empty at the end."""
    first = found.get()
    if first is None:
        return []
    batch, until = [first], time.monotonic() + BATCH
    while (left := until - time.monotonic()) > 0:
        with suppress(Empty):
            more = found.get(timeout=left)
            if more is None:
                found.put(None)  # for the next time
                break
            batch.append(more)
    return batch


class _Job:
    """The places of one sweep, each taking what is next."""

    def __init__(
        self, todo: deque[Target], found: SimpleQueue[Look | None], seconds: float, jitter: float
    ) -> None:
        self.todo, self._found, self._seconds, self._jitter = todo, found, seconds, jitter
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="probe")

    def run(self, places: int) -> None:
        try:
            asyncio.run(self._all(min(places, len(self.todo))))
        except Exception:
            log.exception("probes ended early")
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._found.put(None)

    async def _all(self, places: int) -> None:
        await asyncio.gather(*(self._place() for _ in range(places)))

    async def _place(self) -> None:
        await asyncio.sleep(random.uniform(0, self._jitter))  # noqa: S311 - not a secret
        while self.todo:
            target = self.todo.popleft()
            health = await self._look(target)
            self._found.put(Look(target, health, timezone.now()))

    async def _look(self, target: Target) -> Health:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._ask(target)
        except TimeoutError:
            return _silent(target.spec, time.monotonic() - began)
        except EgressRefused as refused:
            return Health(False, 0.0, refused.code, str(refused))
        except HumanaError as error:
            code = error.code if isinstance(error, EndpointError) else "bad_request"
            return Health(False, time.monotonic() - began, code, str(error))
        except Exception:
            log.exception("a probe failed on our side", extra={"endpoint": target.spec.id})
            return Health(False, time.monotonic() - began, "malformed", "It answers as nobody expected.")

    async def _ask(self, target: Target) -> Health:
        spec = target.spec
        if spec.kind in LOOKERS:
            return await LOOKERS.get(spec.kind)(spec, target.guard)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _in_a_thread, target)


def _in_a_thread(target: Target) -> Health:
    try:
        return THREADED.get(target.spec.kind)(target.spec, target.guard)
    finally:
        connections.close_all()  # of this thread


def _silent(spec: EndpointSpec, seconds: float) -> Health:
    return Health(
        False, seconds, "timeout", f"{spec.name} did not answer a probe within {seconds:.0f} seconds."
    )
