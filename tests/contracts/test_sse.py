"""The splitter: however the bytes are cut, the same events."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byoc.adapters.llm.sse import EventSplitter
from humana.kernel.errors import EndpointError

LINE_ENDS = (b"\n", b"\r\n", b"\r")
DATA = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    splitter, last = EventSplitter(), 0
    events: list[bytes] = []
    for cut in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        events += splitter.feed(stream[last:cut])
        last = cut
    return events


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream with comments and other fields in it, and the data it carries."""
    end = draw(st.sampled_from(LINE_ENDS))
    lines: list[bytes] = []
    wanted: list[bytes] = []
    for texts in draw(st.lists(st.lists(DATA, min_size=1, max_size=3), max_size=5)):
        lines += [b": ping", b"", b"event: something", b"id: 7"]
        lines += [b"data: " + text.encode() for text in texts] + [b""]
        wanted.append("\n".join(texts).encode())
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + b"".join(line + end for line in lines), wanted


@settings(max_examples=400)
@given(streams(), st.lists(st.integers(0, 10_000), max_size=30))
def test_cuts_change_nothing(stream: tuple[bytes, list[bytes]], cuts: list[int]) -> None:
    raw, wanted = stream
    assert split(raw, cuts) == wanted
    assert split(raw, list(range(len(raw)))) == split(raw, [])


def test_an_event_without_its_blank_line_is_not_one_yet() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: half") == []
    assert splitter.feed(b" and half\n") == []
    assert splitter.feed(b"\n") == [b"half and half"]


@pytest.mark.parametrize("piece", [b"x", b"x" * 999, b"data: y\n", b"data\n"])
def test_an_event_may_not_grow_without_end(piece: bytes) -> None:
    splitter = EventSplitter(max_event_bytes=10_000)
    splitter.feed(b"data: ")
    with pytest.raises(EndpointError):
        for _ in range(20_000):
            splitter.feed(piece)


def test_many_events_may_be_more_than_one_may() -> None:
    splitter = EventSplitter(max_event_bytes=1_000)
    stream = b"data: " + b"x" * 500 + b"\n\n"
    assert sum(len(splitter.feed(stream * 10)) for _ in range(100)) == 1_000
    assert sum(len(splitter.feed(b": a comment\n")) for _ in range(1_000)) == 0
