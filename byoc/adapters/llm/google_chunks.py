"""Google's chunks as events. Each is a whole `GenerateContentResponse` with what is new in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from byoc.adapters.llm.errors import endpoint_error, from_status, malformed, spoken
from byoc.contracts import End, EndpointSpec, Event, Reason, TextDelta, ToolCall, Usage
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _


class _Part(msgspec.Struct, gc=False, rename="camel"):
    """Only what we read of a chunk."""


class _Call(_Part, gc=False, rename="camel"):
    id: str = ""
    name: str = ""
    args: msgspec.Raw = msgspec.Raw()


class _Piece(_Part, gc=False, rename="camel"):
    text: str | None = None
    thought: bool = False
    thought_signature: str = ""
    function_call: _Call | None = None


class _Content(_Part, gc=False, rename="camel"):
    parts: list[_Piece] | None = None


class _Candidate(_Part, gc=False, rename="camel"):
    index: int = 0
    content: _Content | None = None
    finish_reason: str | None = None


class _Usage(_Part, gc=False, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None


class _Feedback(_Part, gc=False, rename="camel"):
    block_reason: str | None = None


class _Chunk(_Part, gc=False, rename="camel"):
    candidates: list[_Candidate] | None = None
    usage_metadata: _Usage | None = None
    prompt_feedback: _Feedback | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode

#: Whatever is not here is one of the filters: SAFETY, RECITATION, BLOCKLIST, SPII, LANGUAGE, …
_REASONS: Mapping[str, Reason] = {
    "STOP": "stop",
    "FINISH_REASON_UNSPECIFIED": "stop",
    "OTHER": "stop",
    "FUNCTION_CALL": "tool_calls",
    "MAX_TOKENS": "length",
}
_SPOILT = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"})


class ContentDecoder:
    """A `finishReason` completes an answer; nothing says that no more chunks follow."""

    __slots__ = ("_calls", "_reason", "_spec", "_usage", "done")

    def __init__(self, spec: EndpointSpec) -> None:
        self._spec = spec
        self._calls: list[ToolCall] = []
        self._reason = ""
        self._usage: _Usage | None = None
        self.done = False

    def feed(self, payloads: Sequence[bytes]) -> list[Event]:
        texts: list[str] = []
        for payload in payloads:
            try:
                chunk = _decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise malformed("a part of its answer is not the JSON we expect") from None
            if chunk.candidates:
                self._take(chunk.candidates[0], texts)
            if chunk.usage_metadata is not None:
                self._usage = chunk.usage_metadata
            if chunk.error is not None or chunk.prompt_feedback is not None:
                self._refused(chunk)
        text = "".join(texts)
        return [TextDelta(text)] if text else []

    def _take(self, candidate: _Candidate, texts: list[str]) -> None:
        if candidate.finish_reason:
            self._reason = candidate.finish_reason
        if self._reason in _SPOILT:
            raise malformed("it spoilt the call of a tool")
        for piece in (candidate.content.parts if candidate.content else None) or ():
            if piece.function_call is not None:
                self._calls.append(self._call(piece.function_call, piece.thought_signature))
            elif piece.text and not piece.thought:
                texts.append(piece.text.replace("\0", ""))

    def _call(self, call: _Call, signature: str) -> ToolCall:
        arguments = bytes(call.args).decode() or "{}"
        return ToolCall(call.id or f"call_{len(self._calls)}", call.name, arguments, signature)

    def _refused(self, chunk: _Chunk) -> None:
        if chunk.error is not None:
            raise _told(chunk.error, self._spec)
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason:
            sentence = _("The filter of %(name)s refuses the conversation. It says: %(words)s")
            message = Worded(sentence, name=self._spec.name, words=feedback.block_reason[:100])
            raise endpoint_error("filtered", message, permanent=True)

    def finish(self) -> list[Event]:
        if not self._reason:
            return []
        events: list[Event] = list(self._calls)
        if self._usage is not None:
            events.append(_counted(self._usage))
        reason = _REASONS.get(self._reason, "content_filter")
        return [*events, End("tool_calls" if self._calls and reason == "stop" else reason)]


def _counted(usage: _Usage) -> Usage:
    """Google counts thoughts apart from the answer and tools' results apart from the question."""
    return Usage(
        input_tokens=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
        output_tokens=(usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
        cached_tokens=usage.cached_content_token_count or 0,
    )


def _told(error: Any, spec: EndpointSpec) -> Exception:
    """An error object in the middle of a stream."""
    if not isinstance(error, dict):
        return from_status(500, str(error), spec)
    code = error.get("code")
    return from_status(code if isinstance(code, int) else 500, spoken(error), spec)
