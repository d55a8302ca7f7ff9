"""The owner of runs: one per web process, on its event loop.

Takes queued runs as they are announced, makes each answer in a task of its own, writes it to the
run's stream in small batches, and listens for stops. A run whose process dies is found by the
sweep, because its owner no longer beats.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import uuid
from typing import cast

from redis.exceptions import RedisError

from byoc.contracts import End, Switched, TextDelta, Waiting
from chats.answering import Answering
from chats.blocking import Blocked
from chats.endings import endings
from chats.models import Run
from chats.plans import Outcome, Reading, RunPlan
from chats.services.runs import begin_run, finish_run
from chats.signals import BEAT, DEAD_AFTER, OWNER, QUEUE, STOPS, RunRef, decode, process_owner
from chats.steps import Step
from chats.streaming import (
    PATIENCE,
    Done,
    Entry,
    RunStream,
    Source,
    Sources,
    State,
    Text,
    Whole,
    close_valkey,
    stream_key,
    valkey,
)
from humana.kernel.errors import EndpointError
from tenants.threads import in_thread

log = logging.getLogger(__name__)

#: Text is shown in batches of this many seconds: fewer events, and no eye sees the difference.
BATCH = 0.05
#: Seconds between two looks at a document that is being read.
LOOK_AGAIN = 1.0
#: Answers made at once by one process; the rest waits in the queue for any process.
MOST_RUNS = 256


class Runner:
    """Start it with the process, stop it before the process goes."""

    def __init__(self) -> None:
        self.owner = process_owner()
        self._runs: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._answers: dict[uuid.UUID, Answering] = {}
        self._stopped_early: set[uuid.UUID] = set()
        self._ears: list[asyncio.Task[None]] = []
        self._room = asyncio.Semaphore(MOST_RUNS)

    async def start(self) -> None:
        for listen in (self._beat, self._take, self._hear_stops):
            self._ears.append(asyncio.create_task(self._persist(listen)))

    async def stop(self) -> None:
        """Take nothing more, interrupt what runs, wait until every end is written."""
        await _cancel(self._ears)
        for answering in self._answers.values():
            answering.interrupt()
        await _cancel(list(self._runs.values()))
        await endings()
        with contextlib.suppress(RedisError):
            await valkey().delete(OWNER + self.owner)
        await close_valkey()

    async def _persist(self, listen: object) -> None:
        """Valkey may go away and come back."""
        while True:
            try:
                await listen()  # type: ignore[operator]
            except RedisError as error:
                log.warning("valkey: %s; trying again", type(error).__name__)
                await asyncio.sleep(1)

    async def _beat(self) -> None:
        while True:
            await valkey().set(OWNER + self.owner, b"1", ex=DEAD_AFTER)
            await asyncio.sleep(BEAT)

    async def _take(self) -> None:
        while True:
            await self._room.acquire()
            ref = await self._next()
            if ref is None or ref.run_id in self._runs:
                self._room.release()
                continue
            task = asyncio.create_task(self._own(ref))
            self._runs[ref.run_id] = task
            task.add_done_callback(functools.partial(self._let_go, ref.run_id))

    async def _next(self) -> RunRef | None:
        try:
            found = await valkey().brpop([QUEUE], timeout=PATIENCE)
        except BaseException:
            self._room.release()
            raise
        return decode(cast("bytes", found[1])) if found else None

    def _let_go(self, run_id: uuid.UUID, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # logged where it happened; asyncio need not complain again
        self._runs.pop(run_id, None)
        self._answers.pop(run_id, None)
        self._stopped_early.discard(run_id)
        self._room.release()

    async def _hear_stops(self) -> None:
        async with valkey().pubsub() as heard:
            await heard.subscribe(STOPS)
            while True:
                message = await heard.get_message(ignore_subscribe_messages=True, timeout=PATIENCE)
                ref = decode(message["data"]) if message else None
                if ref is not None and ref.run_id in self._runs:
                    self._stop_run(ref.run_id)

    def _stop_run(self, run_id: uuid.UUID) -> None:
        """Cancel the answer; one still being prepared must not be cancelled half-way."""
        if run_id in self._answers:
            self._runs[run_id].cancel()
        else:
            self._stopped_early.add(run_id)

    async def _own(self, ref: RunRef) -> None:
        try:
            key = await in_thread(stream_key, ref.organization_id)
            stream = RunStream(ref.organization_id, ref.run_id, key)
            plan = await self._begun(ref, stream)
        except Exception:
            log.exception("a run could not be prepared; the sweep will try again")
            return
        if plan is None:
            return
        if isinstance(plan, Outcome):
            await Writer(stream).close(Done(plan.state, plan.error))
            return
        if plan.run_id in self._stopped_early:
            await in_thread(finish_run, plan, Outcome(state=Run.State.STOPPED))
            await Writer(stream).close(Done(Run.State.STOPPED))
            return
        await self._answer(plan, stream)

    async def _begun(self, ref: RunRef, stream: RunStream) -> RunPlan | Outcome | None:
        """The plan; while a document that came with the question is being read, said so and asked again.

        No connection is held meanwhile, and the run is still nobody's: it can be stopped, and whoever takes
        it after a crash waits on.
        """
        told = ""
        while True:
            begun = await in_thread(begin_run, ref.organization_id, ref.run_id, self.owner)
            if not isinstance(begun, Reading):
                return begun
            if begun.name != told:
                told = begun.name
                with contextlib.suppress(RedisError):
                    await stream.append(State("reading", name=told))
            await asyncio.sleep(LOOK_AGAIN)

    async def _answer(self, plan: RunPlan, stream: RunStream) -> None:
        answering = self._answers[plan.run_id] = Answering(plan)
        writer = Writer(stream)
        try:
            if plan.sources:
                writer.say(sources_of(plan))
            writer.say(State("thinking"))
            async with contextlib.aclosing(answering.events()) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        writer.write(event.text)
                    elif isinstance(event, Step):
                        writer.say(event)
                    elif isinstance(event, Waiting):
                        writer.say(State("waiting", event.ahead))
                    elif isinstance(event, Switched):
                        writer.say(State("switched"))
                    elif isinstance(event, End):
                        await writer.flush()  # whoever dies while writing the end has shown all of it
        except (EndpointError, Blocked) as error:
            log.info("answer failed", extra={"run": str(plan.run_id), "code": error.code})
        finally:
            outcome = answering.outcome
            await asyncio.shield(asyncio.create_task(writer.close(Done(outcome.state, outcome.error))))


def sources_of(plan: RunPlan) -> Sources:
    """What the answer may cite, without what stands there."""
    return Sources(
        [
            Source(number, one.kind, one.id, one.version, one.ordinal, one.title, one.place)
            for number, one in enumerate(plan.sources, 1)
        ]
    )


class Writer:
    """Gathers what the model says and appends it in batches, without making the model wait.

    Where Valkey was away meanwhile, the next batch tells all of the text: nobody misses or reads twice.
    """

    def __init__(self, stream: RunStream) -> None:
        self._stream = stream
        self._entries: list[Entry] = []
        self._text: list[str] = []
        self._said: list[str] = []
        self._lost = False
        self._task: asyncio.Task[None] | None = None
        self._appending = asyncio.Lock()  # entries stand in the order in which they were said

    def write(self, text: str) -> None:
        self._text.append(text)
        self._said.append(text)
        self._schedule()

    def say(self, entry: Entry) -> None:
        self._gather()
        self._entries.append(entry)
        self._schedule()

    async def flush(self) -> None:
        """All that was said until now is in the stream, or known to be lost."""
        async with self._appending:
            self._gather()
            entries, self._entries = self._entries, []
            if entries:
                await self._append(entries)

    async def close(self, last: Entry) -> None:
        """The rest, and the last word."""
        self._gather()
        self._entries.append(last)
        await self.flush()

    def _gather(self) -> None:
        if self._text:
            self._entries.append(Text("".join(self._text)))
            self._text.clear()

    def _schedule(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._later())

    async def _later(self) -> None:
        while self._entries or self._text:
            await self.flush()
            await asyncio.sleep(BATCH)

    async def _append(self, entries: list[Entry]) -> None:
        if self._lost:
            entries = [Whole("".join(self._said)), *(one for one in entries if not isinstance(one, Text))]
        try:
            await self._stream.append(*entries)
            self._lost = False
        except RedisError:
            self._lost = True
            log.warning("valkey unreachable; readers will see the saved answer")


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
