"""What the scripted model does, chosen by the last user message (or a model named `script:…`).

    paced:N:MS          N tokens, one every MS milliseconds
    say:TEXT            TEXT, percent-encoded, in words
    spell:MS:TEXT       TEXT, percent-encoded, sign by sign, one every MS milliseconds
    form:NAME           an odd but lawful form of the stream, see FORMS
    tools[:N]           N tool calls
    calls:JSON          percent-encoded: {"say": text, "calls": [[name, arguments], …]}; arguments as text are
                        sent as they are
    ends:REASON         stops for that reason
    cut:N / fin:N       N tokens, then a reset / a clean end without the end of the answer
    stall:N             N tokens, then silence
    malformed:N         N tokens, then something that is not JSON
    error:N:KIND        N tokens, then an error inside the stream
    slow-headers:MS     silence before the status line
    drip:MS             a byte every MS milliseconds of a line that never ends
    endless             one event that never ends, as fast as it goes
    flood               tokens without end, as fast as they go
    html                200, but a page
    status:CODE[:S]     that status; Retry-After: S
    says:CODE:TEXT      that status in those words of the provider
    filtered            the filter of contents refuses the conversation
    too-long            400: the conversation does not fit
    no-credit           429: the quota is used up
    reset               the connection is reset before any answer
    flaky:N:SCRIPT      the first N requests of this very text get 503, then SCRIPT
    anything else       is said back, word by word

A script is an iterator of steps: bytes to send, seconds to wait, or `Ending`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Any, TypeAlias
from urllib.parse import unquote

from tests.peers.dialects import Dialect

ACCENTED = "Olá, coração! 🌻 naïve façade — 日本語 👩🏽\u200d💻 fim."
TOOL_ARGUMENTS = ['{"city"', ':"Re', 'cife"}']
WORDS = tuple(f" word{number}" for number in range(64))


class Ending(Enum):
    RESET = "reset"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Head:
    """A status line and headers other than the usual; must come before any bytes."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    json: dict[str, Any] | None = None
    text: str | None = None
    chunked: bool = True


Step: TypeAlias = bytes | float | Ending | Head
Script: TypeAlias = Callable[..., Iterator[Step]]


class Scripts:
    """Chooses scripts; remembers how often the flaky ones were asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def steps(self, dialect: Dialect, text: str) -> Iterator[Step]:
        name, *arguments = text.split(":")
        if name == "flaky":
            return self._flaky(dialect, text, int(arguments[0]), ":".join(arguments[1:]))
        script = SCRIPTS.get(name)
        return script(dialect, *arguments) if script else _spoken(dialect, _words(text))

    def _flaky(self, dialect: Dialect, text: str, times: int, then: str) -> Iterator[Step]:
        self.asked[text] += 1
        if self.asked[text] <= times:
            return _status(dialect, "503", "0")
        return self.steps(dialect, then)


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


def _spoken(
    dialect: Dialect,
    pieces: list[str],
    *,
    pause: float = 0.0,
    reason: str = "stop",
    usage: bool = True,
    done: bool = True,
) -> Iterator[Step]:
    yield dialect.start()
    for piece in pieces:
        if pause:
            yield pause
        yield dialect.text(piece)
    yield dialect.end(reason, len(pieces), usage=usage, done=done)


def _paced(dialect: Dialect, tokens: str, milliseconds: str = "0") -> Iterator[Step]:
    pieces = [WORDS[number % len(WORDS)] for number in range(int(tokens))]
    return _spoken(dialect, pieces, pause=int(milliseconds) / 1000)


def _say(dialect: Dialect, *text: str) -> Iterator[Step]:
    return _spoken(dialect, _words(unquote(":".join(text))))


def _spell(dialect: Dialect, milliseconds: str, *text: str) -> Iterator[Step]:
    return _spoken(dialect, list(unquote(":".join(text))), pause=int(milliseconds) / 1000)


def _tools(dialect: Dialect, number: str = "1") -> Iterator[Step]:
    yield dialect.start() + dialect.text("Let me look.")
    for _ in range(int(number)):
        yield dialect.tool("get_weather", TOOL_ARGUMENTS)
    yield dialect.end("tool_calls", 9, usage=True, done=True)


def _calls(dialect: Dialect, *told: str) -> Iterator[Step]:
    wanted = json.loads(unquote(":".join(told)))
    yield dialect.start() + (dialect.text(wanted["say"]) if wanted.get("say") else b"")
    for name, arguments in wanted["calls"]:
        given = arguments if isinstance(arguments, str) else json.dumps(arguments)
        yield dialect.tool(name, [given[:9], given[9:]])
    yield dialect.end("tool_calls", 9, usage=True, done=True)


def _ends(dialect: Dialect, reason: str) -> Iterator[Step]:
    return _spoken(dialect, ["enough"], reason=reason)


def _broken(dialect: Dialect, tokens: str, *then: Step) -> Iterator[Step]:
    yield dialect.start()
    for number in range(int(tokens)):
        yield dialect.text(WORDS[number % len(WORDS)])
    yield 0.02  # let it arrive by itself
    yield from then


def _cut(dialect: Dialect, tokens: str = "3") -> Iterator[Step]:
    return _broken(dialect, tokens, Ending.RESET)


def _fin(dialect: Dialect, tokens: str = "3") -> Iterator[Step]:
    yield Head(200, chunked=False)
    yield from _broken(dialect, tokens, Ending.CLOSE)


def _stall(dialect: Dialect, tokens: str = "3") -> Iterator[Step]:
    return _broken(dialect, tokens, 3600.0)


def _malformed(dialect: Dialect, tokens: str = "0") -> Iterator[Step]:
    return _broken(dialect, tokens, b'data: {"choices": [{"delta": \n\n', 3600.0)


def _error(dialect: Dialect, tokens: str = "0", kind: str = "overloaded_error") -> Iterator[Step]:
    return _broken(dialect, tokens, dialect.error(kind))


def _slow_headers(dialect: Dialect, milliseconds: str) -> Iterator[Step]:
    yield int(milliseconds) / 1000
    yield from _spoken(dialect, ["late"])


def _drip(dialect: Dialect, milliseconds: str) -> Iterator[Step]:
    yield dialect.start()
    yield b"data: "
    while True:
        yield int(milliseconds) / 1000
        yield b"x"


def _endless(dialect: Dialect) -> Iterator[Step]:
    yield dialect.start()
    yield b"data: "
    while True:
        yield b"x" * 65_536


def _flood(dialect: Dialect) -> Iterator[Step]:
    yield dialect.start()
    for number in count():
        yield dialect.text(WORDS[number % len(WORDS)] * 50)


def _html(dialect: Dialect) -> Iterator[Step]:
    yield Head(200, (("Content-Type", "text/html"),), text="<h1>Welcome to the hotel</h1>")


def _status(dialect: Dialect, status: str, retry_after: str = "") -> Iterator[Step]:
    kinds = {"429": "rate_limit_error", "401": "authentication_error", "503": "overloaded_error"}
    headers = (("Retry-After", retry_after),) if retry_after else ()
    if status.startswith("3"):
        headers = (("Location", "http://127.0.0.1:9/elsewhere"),)
    message = f"scripted {status} for key sk-secret"
    body = dialect.refusal(int(status), message, kinds.get(status, "invalid_request_error"))
    yield Head(int(status), headers, json=body)


def _says(dialect: Dialect, status: str, *words: str) -> Iterator[Step]:
    yield Head(int(status), json=dialect.refusal(int(status), ":".join(words), "error"))


def _filtered(dialect: Dialect) -> Iterator[Step]:
    blocked = dialect.blocked()
    message = "The prompt triggers our content management policy."
    yield blocked or Head(400, json=dialect.refusal(400, message, "content_filter"))


def _too_long(dialect: Dialect) -> Iterator[Step]:
    message = "This model's maximum context length is 8 tokens; yours has 9."
    yield Head(400, json=dialect.refusal(400, message, "invalid_request_error"))


def _no_credit(dialect: Dialect) -> Iterator[Step]:
    message = "You exceeded your current quota, please check your plan and billing details."
    yield Head(429, json=dialect.refusal(429, message, "insufficient_quota"))


def _reset(dialect: Dialect) -> Iterator[Step]:
    yield Ending.RESET


def _whole_answer(dialect: Dialect, text: str = ACCENTED) -> bytes:
    return b"".join(step for step in _spoken(dialect, _words(text)) if isinstance(step, bytes))


def _bytewise(answer: bytes) -> Iterator[Step]:
    for position in range(0, len(answer), 7):
        yield answer[position : position + 7]
        yield 0.0002


def _cased(answer: bytes) -> bytes:
    """Each event's JSON spread over two data lines: a line end is white space to JSON."""
    return re.sub(rb"(?m)^data: \{", b"data: {\ndata: ", answer)


def _form(dialect: Dialect, name: str) -> Iterator[Step]:
    return FORMS[name](dialect)


FORMS: dict[str, Script] = {
    "split": lambda dialect: _bytewise(_whole_answer(dialect)),
    "crlf": lambda dialect: _bytewise(_whole_answer(dialect).replace(b"\n", b"\r\n")),
    "cr": lambda dialect: _bytewise(_whole_answer(dialect).replace(b"\n", b"\r")),
    "multiline": lambda dialect: iter([_cased(_whole_answer(dialect))]),
    "bom": lambda dialect: iter([b"\xef\xbb\xbf", _whole_answer(dialect)]),
    "tight": lambda dialect: iter([_whole_answer(dialect).replace(b"data: ", b"data:")]),
    "one-read": lambda dialect: iter([_whole_answer(dialect)]),
    "pings": lambda dialect: iter(
        [
            dialect.ping(),
            b": a comment\n",
            b"id: 7\nretry: 10\n\n",
            _whole_answer(dialect).replace(b"\n\n", b"\n\n: hello\n\n" + dialect.ping()),
        ]
    ),
    "empty": lambda dialect: _spoken(dialect, ["", *_words(ACCENTED), "", ""]),
    "no-usage": lambda dialect: _spoken(dialect, _words(ACCENTED), usage=False),
    "no-done": lambda dialect: _spoken(dialect, _words(ACCENTED), done=False),
    "nul": lambda dialect: _spoken(dialect, [ACCENTED[:5], "\0", ACCENTED[5:] + "\0"]),
    "silence": lambda dialect: _spoken(dialect, []),
}

SCRIPTS: dict[str, Script] = {
    "paced": _paced,
    "say": _say,
    "spell": _spell,
    "form": _form,
    "tools": _tools,
    "calls": _calls,
    "ends": _ends,
    "cut": _cut,
    "fin": _fin,
    "stall": _stall,
    "malformed": _malformed,
    "error": _error,
    "slow-headers": _slow_headers,
    "drip": _drip,
    "endless": _endless,
    "flood": _flood,
    "html": _html,
    "status": _status,
    "says": _says,
    "filtered": _filtered,
    "too-long": _too_long,
    "no-credit": _no_credit,
    "reset": _reset,
}
