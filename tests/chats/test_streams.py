"""The stream of a run: sealed, gone in time, and whole for every reader, wherever they come back."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.conf import settings
from redis.exceptions import ConnectionError as Unreachable

from chats.doors import events
from chats.doors.events import ApiTeller, PageTeller, Teller
from chats.doors.visitors import Reader
from chats.models import Run
from chats.runner import Writer
from chats.steps import Step
from chats.streaming import (
    START,
    Done,
    Entry,
    RunStream,
    State,
    Text,
    Whole,
    close_valkey,
    stream_key,
    valkey,
)

ORGANIZATION = uuid.uuid4()


def run(act: Callable[[], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        try:
            return await act()
        finally:
            await close_valkey()

    return asyncio.run(whole())


def test_entries_are_sealed_with_the_organizations_key_and_end_after_the_last() -> None:
    async def act() -> None:
        run_id, other = uuid.uuid4(), uuid.uuid4()
        stream = RunStream(ORGANIZATION, run_id, stream_key(ORGANIZATION))
        await stream.append(State("thinking"), Text("a secret"))
        await valkey().expire(stream._key, 5)
        await stream.append(Step("1", "tool", "asking"), Text(" more"))
        assert settings.HUMANA_STREAM_SECONDS - 5 < await valkey().ttl(stream._key) <= 600
        raw = b"".join(fields[b"e"] for _id, fields in await valkey().xrange(stream._key))
        assert b"secret" not in raw
        assert stream.said() == "a secret more"
        assert RunStream(ORGANIZATION, run_id, stream_key(other)).said() == "", "another key opens nothing"
        assert stream_key(ORGANIZATION) != stream_key(other)
        await valkey().delete(stream._key)

    run(act)


class Answers:
    """What a door sends, and what a client made of it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Any]] = []

    async def __call__(self, message: Any) -> None:
        for part in message.get("body", b"").decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line and line[0] != ":")
            if "event" in lines:
                self.told.append((lines["id"], lines["event"], json.loads(lines["data"])))


def api(told: list[tuple[str, str, Any]]) -> str:
    text = ""
    for _at, name, data in told:
        text = data["text"] if name == "saved" else text + (data["text"] if name == "text" else "")
    return text


def page(told: list[tuple[str, str, Any]]) -> str:
    blocks: dict[int, str] = {}
    for _at, name, data in told:
        if name == "block":
            blocks[data["i"]] = data["html"]
    return "".join(html for _i, html in sorted(blocks.items()))


def tellers(reader: Reader, run_id: uuid.UUID) -> dict[Callable[..., str], Callable[[], Teller]]:
    return {
        api: lambda: ApiTeller(reader.message_id),
        page: lambda: PageTeller(reader, "slug", run_id),
    }


@pytest.mark.in_turn(4)
@pytest.mark.parametrize("seed", range(4))
def test_a_reader_may_come_back_anywhere_and_nothing_is_lost_or_doubled(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every cursor of a stream made by chance, for pages and for programs, also where some was lost."""
    chance, run_id = random.Random(seed), uuid.uuid4()
    reader = Reader(None, "en", uuid.uuid4(), "Clara", stream_key(ORGANIZATION))  # type: ignore[arg-type]

    async def entries(_reader: Reader, _run: uuid.UUID, cursor: str) -> Any:
        async for at, entry in RunStream(ORGANIZATION, run_id, reader.key).follow(cursor):
            if entry is None:  # it is over, and nothing more comes
                return
            yield at, entry

    monkeypatch.setattr(events, "_entries", entries)

    async def read(made: Teller, cursor: str) -> list[tuple[str, str, Any]]:
        answers = Answers()
        await events._tell(answers, made, reader, run_id, cursor)
        return answers.told

    async def act() -> None:
        await RunStream(ORGANIZATION, run_id, reader.key).append(*some_entries(chance))
        for seen, teller in tellers(reader, run_id).items():
            whole = await read(teller(), START)
            wanted = seen(whole)
            assert wanted
            cursors = [at for at, _name, _data in whole]
            for cut in sorted({cursors.index(at) for at in cursors}):
                before = [
                    one for one in whole if events._after(cursors[cut], one[0]) or one[0] == cursors[cut]
                ]
                after = await read(teller(), cursors[cut])
                assert seen(before + after) == wanted, (seed, cut, seen.__name__)
                assert not {one[0] for one in before} & {one[0] for one in after}
        await valkey().delete(f"humana:run:{ORGANIZATION.hex}:{run_id.hex}")

    run(act)


def some_entries(chance: random.Random) -> list[Entry]:
    pieces = [
        "word ",
        "**bold** ",
        "\n\n",
        "- item\n",
        "```\ncode\n```\n",
        "$x^2$ ",
        "| a |\n|---|\n| b |\n\n",
        "ção",
    ]
    said, made = "", list[Entry]([State("thinking")])
    for number in range(25):
        piece = chance.choice(pieces)
        said += piece
        made.append(Text(piece))
        if chance.random() < 0.1:
            made.append(State("switched"))
        if chance.random() < 0.05:
            made.append(Step(str(number), "a__tool", "ok", at=len(said)))
        if number == 12 and chance.random() < 0.5:
            said += "and what was lost "
            made.append(Whole(said))
    return [*made, Done(Run.State.DONE)]


def test_what_valkey_did_not_take_is_told_whole_afterwards() -> None:
    """It was away for a moment: a reader who stays gets all of it, once."""

    async def act() -> str:
        run_id = uuid.uuid4()
        stream = RunStream(ORGANIZATION, run_id)
        append, away = stream.append, [True, True]

        async def sometimes(*entries: Entry) -> None:
            if away:
                away.pop()
                raise Unreachable("away")
            await append(*entries)

        stream.append = sometimes  # type: ignore[method-assign]
        writer = Writer(stream)
        for word in ("one ", "two ", "three ", "four "):
            writer.write(word)
            await asyncio.sleep(0.06)
        await writer.close(Done(Run.State.DONE))
        text = ""
        async for _at, entry in RunStream(ORGANIZATION, run_id).follow(START):
            text = entry.text if isinstance(entry, Whole) else text
            text += entry.text if isinstance(entry, Text) else ""
        await valkey().delete(stream._key)
        return text

    assert run(act) == "one two three four "


def test_what_is_flushed_is_in_the_stream_before_anything_else_happens() -> None:
    """A process that dies right afterwards has shown all that it said, in the order in which it was said."""

    async def act() -> list[str]:
        stream = RunStream(ORGANIZATION, uuid.uuid4())
        writer = Writer(stream)
        shown = []
        for word in ("one ", "two ", "three "):
            writer.write(word)
            await writer.flush()
            shown.append(await asyncio.to_thread(stream.said))
        await valkey().delete(stream._key)
        return shown

    assert run(act) == ["one ", "one two ", "one two three "]
