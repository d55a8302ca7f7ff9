"""One thread with one event loop that sends everything: whoever does not answer holds up nobody.

Requests and tasks only put things into lanes. Every moment each lane that has something in it is sent
on its own: where to is asked at that moment, so what was withdrawn gets nothing more. A lane whose
endpoint fails waits longer each time (`Breaker`); the others go on.

The thread starts with the first thing put; a forked process begins anew, with a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from typing import Any

from opentelemetry.instrumentation.utils import suppress_instrumentation

from byoc.adapters.monitoring import make
from byoc.contracts import EndpointSpec, MonitoringAdapter, Signal
from byoc.telemetry import payloads
from byoc.telemetry.destinations import Route
from byoc.telemetry.lanes import Lane, Lanes, Owner, Waiting
from byoc.telemetry.measures import Measures
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError, HumanaError

log = logging.getLogger(__name__)

TICK = 1.0  # seconds between two rounds
SAME_FOR = 0.3  # seconds; with those of `Fresh` less than a second
MEASURED = 15.0  # seconds between two rounds of numbers
AT_ONCE = 500  # requests under way
ADAPTERS = 200  # kept with their connections; the one used longest ago goes
THREADS = 8  # that ask where to, and resolve names
OUTSIDE = "outside_zone"  # why something was dropped
KNOWN = 4_096  # organizations of which it is remembered whether anybody wants to hear of them

Find = Callable[[uuid.UUID | None], Route]


class Exporter:
    """`find` says where an organization's telemetry goes; it may query, and is called in threads."""

    def __init__(self, find: Find, measures: Measures, *, tick: float = TICK, measured: float = MEASURED):
        self._find, self._measures = find, measures
        self._tick, self._measured = tick, measured
        self._start_lock = threading.Lock()
        self._begin_anew()
        os.register_at_fork(after_in_child=self._after_fork)

    # --- for everybody --------------------------------------------------------------------------

    def put(self, organization_id: uuid.UUID | None, signal: Signal, thing: Any) -> None:
        """Never waits for the network, never raises; what there is no room for is counted."""
        if self._stopped:
            return
        full = self._lanes.put(organization_id, signal, (None, thing))
        loop = self._loop or self._start()
        if full and loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self._wake.set)

    def wanted(self, organization_id: uuid.UUID | None) -> bool:
        """Whether anybody gets these traces, as far as is known; asked with every span."""
        return self._wanted.get(organization_id, True)

    def waiting(self) -> int:
        """Things in all lanes."""
        return len(self._lanes)

    def flush(self, seconds: float = 5.0) -> bool:
        """Send what waits, numbers too; False when that was not done in time."""
        loop = self._loop
        if loop is None and not (self._measures.changed_any() and (loop := self._start())):
            return True
        done = asyncio.run_coroutine_threadsafe(self._flush(), loop)
        try:
            done.result(seconds)
        except NotInTime:
            done.cancel()
            return False
        return True

    def stop(self, seconds: float = 5.0) -> None:
        """Flush, then end the thread. Nothing is taken afterwards."""
        self.flush(seconds)
        self._stopped = True
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join(seconds)

    # --- its thread -----------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._lanes = Lanes(self._dropped)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._routes: dict[uuid.UUID | None, tuple[Route, float]] = {}
        self._wanted: OrderedDict[uuid.UUID | None, bool] = OrderedDict()
        self._adapters: OrderedDict[tuple[EndpointSpec, tuple[Grant, ...]], MonitoringAdapter] = OrderedDict()

    def _after_fork(self) -> None:
        self._start_lock = threading.Lock()
        self._measures.forget()
        self._begin_anew()

    def _start(self) -> asyncio.AbstractEventLoop | None:
        with self._start_lock:
            if self._loop is None and not self._stopped:
                loop = asyncio.new_event_loop()
                loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="telemetry"))
                self._wake, self._stop = asyncio.Event(), asyncio.Event()
                self._places = asyncio.Semaphore(AT_ONCE)
                self._thread = threading.Thread(
                    target=self._live, args=(loop,), name="telemetry", daemon=True
                )
                self._loop = loop
                self._thread.start()
            return self._loop

    def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        with suppress_instrumentation():  # what tells of the telling would never end
            try:
                loop.run_until_complete(self._run())
            finally:
                loop.close()

    async def _run(self) -> None:
        next_numbers = time.monotonic() + self._measured
        while not self._stop.is_set():
            await self._pause()
            if time.monotonic() >= next_numbers:
                self._collect()
                next_numbers = time.monotonic() + self._measured
            self._round()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for adapter in self._adapters.values():
            await adapter.close()

    async def _pause(self) -> None:
        waits = [asyncio.ensure_future(one.wait()) for one in (self._wake, self._stop)]
        await asyncio.wait(waits, timeout=self._tick, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        self._wake.clear()

    def _collect(self) -> None:
        """The numbers are read when they are sent; until then something only says that there are any."""
        for organization_id in self._measures.changed():
            self._lanes.put(organization_id, "metrics", (None, None))

    def _round(self) -> None:
        for lane in self._lanes.waiting():
            lane.busy = True
            task = asyncio.get_running_loop().create_task(self._drain(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _flush(self) -> None:
        """Twice: what an organization has no endpoint for moves to Humana's lane first."""
        self._collect()
        for _ in range(2):
            while self._tasks:
                await asyncio.gather(*self._tasks, return_exceptions=True)
            self._round()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, lane: Lane) -> None:
        taken: list[Waiting] = []
        try:
            async with self._places:
                route = await self._route(lane.organization_id)
                if lane.signal not in route.to:
                    await self._nobody(lane, route)
                    return
                adapter = self._adapter(*route.to[lane.signal])
                self._known(lane, wanted=True)
                self._judge_anew(lane, adapter.spec)
                while lane.items and lane.breaker.allows(time.monotonic()):
                    taken = self._inside(lane, adapter.spec, self._lanes.take(lane))
                    await self._send(adapter, lane, route, taken)
                    taken = []
        except EndpointError as error:
            self._failed(lane, taken, error)
        except HumanaError as error:  # options that no adapter can be made from
            self._failed(lane, taken, EndpointError(str(error), permanent=True, code="not_configured"))
        except Exception as error:  # noqa: BLE001 - the control plane is out of reach: later
            lane.breaker.failed(time.monotonic())
            self._lanes.put_back(lane, taken)
            if lane.breaker.failures == 1:
                log.warning("telemetry waits", extra={"code": type(error).__name__})
        finally:
            lane.busy = False

    async def _route(self, organization_id: uuid.UUID | None) -> Route:
        """Asked once for all signals of an organization, and not much later again."""
        route, until = self._routes.get(organization_id, (None, 0.0))
        if route is None or time.monotonic() > until:
            route = await asyncio.to_thread(self._find, organization_id)
            if len(self._routes) > KNOWN:
                self._routes.clear()
            self._routes[organization_id] = (route, time.monotonic() + SAME_FOR)
        return route

    async def _send(self, adapter: MonitoringAdapter, lane: Lane, route: Route, taken: list[Waiting]) -> None:
        body = self._encoded(lane, route, taken)
        if body:
            await adapter.send(lane.signal, body)
        lane.breaker.succeeded()

    def _encoded(self, lane: Lane, route: Route, taken: list[Waiting]) -> bytes:
        """b"" where nothing is left to send."""
        whose = lane.organization_id
        own = Owner(whose, route.namespace) if whose else None
        if lane.signal == "metrics":
            owners = {owner or own for owner, _ in taken}
            return payloads.numbers(
                (owner, self._measures.of(owner.id if owner else None)) for owner in owners
            )
        things = [(owner or own, thing) for owner, thing in taken]
        if lane.signal == "logs":
            return payloads.lines(things)
        kept = [
            (owner, span)
            for owner, span in things
            if _sampled(span, route.rate) and (whose is None or payloads.belongs(span, whose))
        ]
        return payloads.spans(kept) if kept else b""

    async def _nobody(self, lane: Lane, route: Route) -> None:
        """It has no endpoint of its own for this: Humana's own lane takes it, where there is one."""
        whose = lane.organization_id
        things = self._lanes.take(lane, len(lane.items))
        if whose is None:
            self._known(lane, wanted=False)
            return
        found = (await self._route(None)).to.get(lane.signal)
        inside = found is not None and route.zone in ("", found[0].zone)
        self._known(lane, wanted=inside)
        if inside:
            owner = Owner(whose, route.namespace, route.zone)
            kept = [
                (owner, thing)
                for _, thing in things
                if lane.signal != "traces" or _sampled(thing, route.rate)
            ]
            self._lanes.put(None, lane.signal, *kept)
        elif found is not None and lane.signal != "metrics":
            heard = whose if "metrics" in route.to else None  # else the count itself would be dropped
            self._dropped(heard, lane.signal, OUTSIDE, len(things))

    def _inside(self, lane: Lane, spec: EndpointSpec, taken: list[Waiting]) -> list[Waiting]:
        """The last look at zones: Humana's own may have become another while things waited for it."""
        kept = [one for one in taken if one[0] is None or one[0].zone in ("", spec.zone)]
        if lane.signal != "metrics":
            self._dropped(lane.organization_id, lane.signal, OUTSIDE, len(taken) - len(kept))
        return kept

    def _known(self, lane: Lane, *, wanted: bool) -> None:
        if lane.signal != "traces":
            return
        self._wanted[lane.organization_id] = wanted
        self._wanted.move_to_end(lane.organization_id)
        if len(self._wanted) > KNOWN:
            self._wanted.popitem(last=False)

    def _judge_anew(self, lane: Lane, spec: EndpointSpec) -> None:
        """Another endpoint, or a changed one, need not wait for what the former did."""
        if lane.sent_to != spec:
            lane.sent_to = spec
            lane.breaker.succeeded()

    def _failed(self, lane: Lane, taken: list[Waiting], error: EndpointError) -> None:
        lane.breaker.failed(time.monotonic(), error.retry_after)
        if lane.signal == "metrics":  # what is sent later says all of it again
            self._lanes.put_back(lane, list(dict.fromkeys(taken)))
        elif error.permanent:
            self._dropped(lane.organization_id, lane.signal, error.code, len(taken))
        else:
            self._lanes.put_back(lane, taken)
        if lane.breaker.failures == 1:
            told = {"organization": str(lane.organization_id or ""), "code": error.code}
            log.warning("%s are not taken by the endpoint", lane.signal, extra=told)

    def _dropped(self, organization_id: uuid.UUID | None, signal: Signal, reason: str, many: int) -> None:
        if not many:
            return
        told = {"signal": signal, "reason": reason}
        self._measures.count(organization_id, "humana.telemetry.dropped", told, many)

    def _adapter(self, spec: EndpointSpec, guard: Guard) -> MonitoringAdapter:
        key = (spec, guard.grants)
        adapter = self._adapters.get(key)
        if adapter is None:
            adapter = self._adapters[key] = make(spec, guard)
            if len(self._adapters) > ADAPTERS:
                _, oldest = self._adapters.popitem(last=False)
                closing = asyncio.get_running_loop().create_task(oldest.close())
                self._tasks.add(closing)
                closing.add_done_callback(self._tasks.discard)
        self._adapters.move_to_end(key)
        return adapter


def _sampled(span: Any, rate: float) -> bool:
    """The same answer for every span of a trace, in every process."""
    if rate >= 1.0:
        return True
    context = span.context
    return context is not None and (context.trace_id & (2**64 - 1)) < rate * 2**64
