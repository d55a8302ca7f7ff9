"""OpenAI's chunks as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from byoc.adapters.llm.errors import from_status, malformed, spoken
from byoc.contracts import End, EndpointSpec, Event, Reason, TextDelta, ToolCall, Usage


class _Part(msgspec.Struct, gc=False):
    """Only what we read of a chunk; everything else in it is skipped without making objects."""


class _Function(_Part, gc=False):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(_Part, gc=False):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(_Part, gc=False):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(_Part, gc=False):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Cached(_Part, gc=False):
    cached_tokens: int | None = None


class _Usage(_Part, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None


class _Chunk(_Part, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode

_REASONS: Mapping[str, Reason] = {
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class ChunkDecoder:
    """Lenient where servers differ: usage anywhere or nowhere, no `[DONE]`, empty deltas.

    Without `[DONE]` and without a `finish_reason` the answer counts as cut.
    """

    __slots__ = ("_calls", "_reason", "_spec", "_usage", "done")

    def __init__(self, spec: EndpointSpec) -> None:
        self._spec = spec
        self._calls: dict[int, list[str]] = {}  # index -> id, name, arguments
        self._reason = ""
        self._usage: _Usage | None = None
        self.done = False

    def feed(self, payloads: Sequence[bytes]) -> list[Event]:
        texts: list[str] = []
        for payload in payloads:
            try:
                chunk = _decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError):
                if payload.strip() != b"[DONE]":
                    raise malformed("a part of its answer is not the JSON we expect") from None
                self.done = True
                break
            if chunk.choices:
                self._take(chunk.choices[0], texts)
            if chunk.usage is not None:
                self._usage = chunk.usage
            if chunk.error is not None:
                raise _told(chunk.error, self._spec)
        if not texts:
            return []
        return [TextDelta(texts[0] if len(texts) == 1 else "".join(texts))]

    def _take(self, choice: _Choice, texts: list[str]) -> None:
        delta = choice.delta
        if choice.finish_reason:
            self._reason = choice.finish_reason
        if delta is None or choice.index:
            return
        text = delta.content or delta.refusal
        if text and (text := text.replace("\0", "")):
            texts.append(text)
        for part in delta.tool_calls or ():
            self._piece(part)

    def _piece(self, part: _CallDelta) -> None:
        function = part.function
        place = self._place(part)
        call = self._calls.setdefault(place, ["", "", ""])
        call[0] = call[0] or part.id or ""
        if function is not None:
            call[1] = call[1] or function.name or ""
            call[2] += function.arguments or ""

    def _place(self, part: _CallDelta) -> int:
        """Its index; some servers give every call the same, and only another id and name tell them apart."""
        known = self._calls.get(part.index)
        if known is None or not part.id or not known[0] or part.id == known[0]:
            return part.index
        if part.function is None or not part.function.name:
            return part.index
        return max(self._calls) + 1

    def finish(self) -> list[Event]:
        if not (self.done or self._reason):
            return []
        events: list[Event] = [
            ToolCall(id_ or f"call_{place}", name, arguments or "{}")
            for place, (id_, name, arguments) in sorted(self._calls.items())
        ]
        if self._usage is not None:
            events.append(_counted(self._usage))
        reason = _REASONS.get(self._reason, "stop")
        return [*events, End("tool_calls" if self._calls and reason == "stop" else reason)]


def _counted(usage: _Usage) -> Usage:
    details = usage.prompt_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        cached_tokens=(details.cached_tokens or 0) if details else 0,
    )


def _told(error: Any, spec: EndpointSpec) -> Exception:
    """An error object in the middle of a stream. Its `code` may be a status, a word or nothing."""
    if not isinstance(error, dict):
        return from_status(500, str(error), spec)
    words = spoken(error)
    code = error.get("code")
    return from_status(code if isinstance(code, int) else _guessed(words), words, spec)


def _guessed(words: str) -> int:
    if "rate_limit" in words or "quota" in words:
        return 429
    return 400 if "invalid_request" in words or "context" in words else 500
