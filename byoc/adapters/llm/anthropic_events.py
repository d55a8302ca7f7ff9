"""Anthropic's events as ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from byoc.adapters.llm.errors import from_status, malformed
from byoc.contracts import End, EndpointSpec, Event, Reason, TextDelta, ToolCall, Usage


class _Part(msgspec.Struct, gc=False):
    """Only what we read of an event."""


class _Usage(_Part, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Message(_Part, gc=False):
    usage: _Usage | None = None


class _Block(_Part, gc=False):
    type: str = ""
    text: str | None = None
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw()


class _Delta(_Part, gc=False):
    text: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Event(_Part, gc=False):
    type: str = ""
    index: int = 0
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Event).decode

_REASONS: Mapping[str, Reason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 408,
    "overloaded_error": 529,
}


class MessageDecoder:
    """Only `message_stop` completes an answer. Unknown events and blocks are passed over."""

    __slots__ = ("_calls", "_counts", "_reason", "_spec", "done")

    def __init__(self, spec: EndpointSpec) -> None:
        self._spec = spec
        self._calls: dict[int, tuple[_Block, list[str]]] = {}  # block, pieces of its arguments
        self._counts: dict[str, int] = {}
        self._reason = ""
        self.done = False

    def feed(self, payloads: Sequence[bytes]) -> list[Event]:
        texts: list[str] = []
        for payload in payloads:
            try:
                event = _decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise malformed("a part of its answer is not the JSON we expect") from None
            if event.delta is not None and event.delta.text:
                texts.append(event.delta.text)
            elif event.type != "content_block_delta" or event.delta is None:
                self._note(event, texts)
            elif event.delta.partial_json and event.index in self._calls:
                self._calls[event.index][1].append(event.delta.partial_json)
        text = "".join(texts).replace("\0", "")
        return [TextDelta(text)] if text else []

    def _note(self, event: _Event, texts: list[str]) -> None:
        """Everything but the pieces themselves."""
        block = event.content_block
        if event.type == "error" or event.error is not None:
            raise _told(event.error, self._spec)
        if block is not None and block.type == "tool_use":
            self._calls[event.index] = (block, [])
        elif block is not None and block.text:
            texts.append(block.text)
        self._count(event.usage)
        if event.message is not None:
            self._count(event.message.usage)
        if event.delta is not None and event.delta.stop_reason:
            self._reason = event.delta.stop_reason
        self.done = self.done or event.type == "message_stop"

    def _count(self, usage: _Usage | None) -> None:
        """Counts are cumulative: the largest of each wins, for some servers end with a zero."""
        if usage is not None:
            for name, count in msgspec.structs.asdict(usage).items():
                if count is not None:
                    self._counts[name] = max(count, self._counts.get(name, 0))

    def finish(self) -> list[Event]:
        if not self.done:
            return []
        events: list[Event] = [
            ToolCall(block.id, block.name, "".join(pieces) or _given(block))
            for _, (block, pieces) in sorted(self._calls.items())
        ]
        if self._counts:
            events.append(_usage(self._counts))
        return [*events, End(_REASONS.get(self._reason, "stop"))]


def _given(block: _Block) -> str:
    """The arguments of a call that came in one piece, or none at all."""
    return bytes(block.input).decode() or "{}"


def _usage(counts: Mapping[str, int]) -> Usage:
    """Anthropic counts what was cached apart from `input_tokens`; we count it in."""
    cached = counts.get("cache_read_input_tokens", 0)
    written = counts.get("cache_creation_input_tokens", 0)
    return Usage(
        input_tokens=counts.get("input_tokens", 0) + cached + written,
        output_tokens=counts.get("output_tokens", 0),
        cached_tokens=cached,
    )


def _told(error: Any, spec: EndpointSpec) -> Exception:
    """An `error` event in the middle of a stream."""
    told = error if isinstance(error, dict) else {"message": str(error)}
    kind = str(told.get("type", ""))
    return from_status(_STATUSES.get(kind, 500), f"{told.get('message', '')} {kind}".strip(), spec)
