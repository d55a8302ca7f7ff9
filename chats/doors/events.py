"""Readers of a run: HTML blocks for pages, plain pieces for programs. They never start a run.

    GET /o/{slug}/runs/{id}/events      block, state, done, refused — Markdown rendered here
    GET /api/v1/runs/{id}/events        sources, text, tool, saved, state, done, refused

Both follow the run's stream from `Last-Event-ID` (or `?after=`). When the stream is gone, the
saved answer is told instead. `refused` ends it when the reader may no longer read.
"""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from django.conf import settings
from django.template.loader import render_to_string

from chats.doors.admission import while_admitted
from chats.doors.sentences import sentence_for
from chats.doors.visitors import Reader, in_language, numbers_of, reader_of, said_in, state_of
from chats.models import Run
from chats.sources import cites_of
from chats.step_words import ShownStep, news
from chats.steps import Step, told_step
from chats.streaming import START, Done, Entry, RunStream, Sources, State, Text, Whole, valid_cursor
from humana.kernel.errors import NotFound
from humana.kernel.http import Receive, Request, Scope, Send, event, send_chunk, start_events, while_connected
from humana.rendering.blocks import BlockStream, Change
from humana.rendering.citations import Cite
from tenants.threads import in_thread

PAGE = re.compile(r"^/o/(?P<slug>[^/]+)/runs/(?P<run>[0-9a-f-]{36})/events\Z")
API = re.compile(r"^/api/v1/runs/(?P<run>[0-9a-f-]{36})/events\Z")


#: The cursor of what is told from the saved answer: after everything a stream can hold.
LAST = f"{2**63 - 1}-0"


@dataclass(frozen=True, slots=True)
class Saved:
    """The whole text as it stands in the message, with the numbers that it may cite; replaces what was told
    in pieces. None says that those told before hold.
    """

    text: str
    numbers: tuple[int, ...] | None = None


class Teller(Protocol):
    """Turns entries of a run into the events of one door.

    `replays` asks for the whole stream even by a reader that comes back; of the text before its
    cursor `seen` is told, and nothing is sent.
    """

    replays: bool

    def seen(self, delta: str) -> None: ...
    def text(self, delta: str) -> Iterator[tuple[str, object]]: ...
    def step(self, step: Step) -> Iterator[tuple[str, object]]: ...
    def sources(self, sources: Sources) -> Iterator[tuple[str, object]]: ...
    def saved(self, saved: Saved) -> Iterator[tuple[str, object]]: ...
    def state(self, state: State) -> Iterator[tuple[str, object]]: ...
    def done(self, done: Done) -> Iterator[tuple[str, object]]: ...


class PageTeller:
    """HTML for people: only the block that is still open is rendered again.

    A use of a tool is a block of its own, between those of the text before and after it.
    """

    replays = True

    def __init__(self, reader: Reader, slug: str, run_id: uuid.UUID) -> None:
        self._language, self._who = reader.language, reader.companion
        self._place, self._message_id = {"slug": slug, "run_id": run_id}, reader.message_id
        self._cites: Mapping[int, Cite] = {}
        self._blocks = BlockStream()
        self._seen = ""
        self._first = self._next = 0  # of this stretch of text: its first block, and the one after its last
        self._steps: dict[str, int] = {}

    def seen(self, delta: str) -> None:
        """Rendered with what comes next, at once: a hundred small steps would hold up other readers."""
        self._seen += delta

    def text(self, delta: str) -> Iterator[tuple[str, object]]:
        seen, self._seen = self._seen, ""
        return self._told(self._blocks.feed(seen + delta))

    def step(self, step: Step) -> Iterator[tuple[str, object]]:
        if step.call not in self._steps:
            yield from self.text("")
            yield from self._told(self._blocks.finish())
            self._steps[step.call] = self._next
            self._first = self._next = self._next + 1
            self._blocks = BlockStream(self._cites)
        shown = ShownStep(step, self._who)
        html = in_language(self._language, lambda: self._rendered(shown))
        yield "block", {"i": self._steps[step.call], "html": html, "closed": not step.is_live, "step": True}
        if told := in_language(self._language, lambda: news(step, self._who)):
            yield "state", {"state": step.state, "text": told}

    def _rendered(self, shown: ShownStep) -> str:
        return str(render_to_string("chats/_step.html", {"shown": shown, **self._place}))[:]

    def sources(self, sources: Sources) -> Iterator[tuple[str, object]]:
        """They come before the text; nothing is sent: its links tell them."""
        return self._citing([(one.number, one.title, one.place) for one in sources.given])

    def saved(self, saved: Saved) -> Iterator[tuple[str, object]]:
        """What its sources are called is told by the page, which asks whether they may still be read."""
        if saved.numbers is None:
            self._blocks, self._seen = BlockStream(self._cites), ""
        else:
            self._citing([(number, "", "") for number in saved.numbers])
        self._first = self._next = 0
        return self.text(saved.text)

    def _citing(self, given: Sequence[tuple[int, str, str]]) -> Iterator[tuple[str, object]]:
        slug, message_id = str(self._place["slug"]), self._message_id
        self._cites = in_language(self._language, lambda: cites_of(slug, message_id, given))
        self._blocks, self._seen = BlockStream(self._cites), ""
        return iter(())

    def state(self, state: State) -> Iterator[tuple[str, object]]:
        words = said_in(self._language, sentence_for(state.state))
        yield "state", {"state": state.state, "text": words % {"name": state.name} if state.name else words}

    def done(self, done: Done) -> Iterator[tuple[str, object]]:
        yield from self.text("")
        yield from self._told(self._blocks.finish())
        yield "done", {"state": done.state}

    def _told(self, changes: list[Change]) -> Iterator[tuple[str, object]]:
        for number, html, closed in changes:
            index = self._first + number
            self._next = max(self._next, index + 1)
            yield "block", {"i": index, "html": html[:], "closed": closed}  # [:] is a plain str again


class ApiTeller:
    """Plain pieces for programs; `saved` carries the whole text instead of further pieces."""

    replays = False

    def __init__(self, message_id: uuid.UUID) -> None:
        self._message_id = message_id

    def seen(self, delta: str) -> None:
        """The reader has it."""

    def text(self, delta: str) -> Iterator[tuple[str, object]]:
        yield "text", {"text": delta}

    def step(self, step: Step) -> Iterator[tuple[str, object]]:
        yield "tool", told_step(step)

    def sources(self, sources: Sources) -> Iterator[tuple[str, object]]:
        """What it may cite, without its words: the message has those once it is over."""
        yield "sources", {"sources": msgspec.to_builtins(sources.given)}

    def saved(self, saved: Saved) -> Iterator[tuple[str, object]]:
        yield "saved", {"text": saved.text}

    def state(self, state: State) -> Iterator[tuple[str, object]]:
        yield "state", {"state": state.state, **({"name": state.name} if state.name else {})}

    def done(self, done: Done) -> Iterator[tuple[str, object]]:
        yield "done", {"state": done.state, "error": done.error or None, "message_id": str(self._message_id)}


async def serve_events(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI handler of both routes; failures before the first byte are the caller's."""
    request = Request(scope, receive)
    await request.body(0 if request.method == "GET" else 1024)
    page, api = PAGE.match(request.path), API.match(request.path)
    found = page or api
    if found is None or request.method != "GET":
        raise NotFound("There is nothing here.")
    ask = functools.partial(
        reader_of,
        headers=request.headers,
        session_key=request.cookie(settings.SESSION_COOKIE_NAME),
        slug=page["slug"] if page else None,
        run_id=_uuid(found["run"]),
        seen_as=request.actor(),
        language=request.query.get("language", [""])[0],
    )
    reader = await in_thread(ask)
    run_id = _uuid(found["run"])
    teller = PageTeller(reader, page["slug"], run_id) if page else ApiTeller(reader.message_id)
    await start_events(send, request)
    telling = _tell(send, teller, reader, run_id, _cursor(request))
    again = functools.partial(in_language, reader.language, ask)
    await while_connected(request, _until_over(send, again, telling))


async def _until_over(send: Send, ask: Callable[[], object], telling: Coroutine[Any, Any, None]) -> None:
    refusal = await while_admitted(ask, telling)
    told = {"code": refusal.code, "message": str(refusal.message)} if refusal else None
    await send_chunk(send, event("refused", told) if told else b"", last=True)


async def _tell(send: Send, teller: Teller, reader: Reader, run_id: uuid.UUID, cursor: str) -> None:
    start = START if teller.replays else cursor
    async for at, entry in _entries(reader, run_id, start):
        if entry is None:
            await send_chunk(send, b": still here\n\n")
            continue
        if isinstance(entry, Text) and not _after(at, cursor):
            teller.seen(entry.text)
            continue
        told = b"".join(event(name, data, at) for name, data in _events(teller, entry))
        if told and _after(at, cursor):
            await send_chunk(send, told)


def _events(teller: Teller, entry: Entry | Saved) -> Iterator[tuple[str, object]]:
    if isinstance(entry, Saved):
        return teller.saved(entry)
    if isinstance(entry, Whole):
        return teller.saved(Saved(entry.text))
    if isinstance(entry, Text):
        return teller.text(entry.text)
    if isinstance(entry, Step):
        return teller.step(entry)
    if isinstance(entry, Sources):
        return teller.sources(entry)
    return teller.state(entry) if isinstance(entry, State) else teller.done(entry)


async def _entries(
    reader: Reader, run_id: uuid.UUID, cursor: str
) -> AsyncIterator[tuple[str, Entry | Saved | None]]:
    """The stream while the run lives; the saved answer once it is over."""
    context = reader.place
    state, error, text = await in_thread(state_of, context, run_id)
    if state in Run.LIVE:
        async for at, entry in RunStream(context.organization_id, run_id, reader.key).follow(cursor):
            yield at, entry
            if isinstance(entry, Done):
                return
            if entry is None:
                state, error, text = await in_thread(state_of, context, run_id)
                if state not in Run.LIVE:
                    break
    yield LAST, Saved(text, await in_thread(numbers_of, context, run_id))
    yield LAST, Done(state, error)


def _cursor(request: Request) -> str:
    return valid_cursor(request.header("last-event-id") or request.query.get("after", [START])[0])


def _after(cursor: str, other: str) -> bool:
    return _parts(cursor) > _parts(other)


def _parts(cursor: str) -> tuple[int, int]:
    ms, _dash, sequence = cursor.partition("-")
    return int(ms), int(sequence or 0)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("There is nothing here.") from None
