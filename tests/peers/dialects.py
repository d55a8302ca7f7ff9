"""How the scripted model spells its answer: OpenAI's chunks, Anthropic's events, Google's contents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Protocol

CREATED = 1_700_000_000


class Dialect(Protocol):
    """Every method gives whole events as bytes, LF only."""

    def start(self) -> bytes: ...
    def text(self, piece: str) -> bytes: ...
    def tool(self, name: str, pieces: list[str]) -> bytes: ...
    def end(self, reason: str, tokens: int, *, usage: bool, done: bool) -> bytes: ...
    def error(self, kind: str) -> bytes: ...
    def ping(self) -> bytes: ...
    def texts(self, events: bytes) -> list[str]: ...
    def whole(self, text: str, tokens: int) -> dict[str, Any]: ...
    def refusal(self, status: int, message: str, kind: str) -> dict[str, Any]: ...
    def blocked(self) -> bytes | None: ...  # a filter's refusal inside the stream, where there is one


class OpenAI:
    """Chat completions."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.model = str(body.get("model", ""))
        options = body.get("stream_options") or {}
        self.wants_usage = bool(options.get("include_usage"))
        self._calls = 0

    def start(self) -> bytes:
        return _chunk(self.model, {"role": "assistant", "content": ""})

    def text(self, piece: str) -> bytes:
        return _spoken(self.model, piece)

    def tool(self, name: str, pieces: list[str]) -> bytes:
        index, self._calls = self._calls, self._calls + 1
        first = {"index": index, "id": f"call_{index + 1}", "type": "function"}
        deltas = [{**first, "function": {"name": name, "arguments": ""}}]
        deltas += [{"index": index, "function": {"arguments": piece}} for piece in pieces]
        return b"".join(_chunk(self.model, {"tool_calls": [delta]}) for delta in deltas)

    def end(self, reason: str, tokens: int, *, usage: bool, done: bool) -> bytes:
        parts = [_chunk(self.model, {}, reason)] if reason else []
        if usage and self.wants_usage:
            parts.append(_event(_envelope(self.model) | {"choices": [], "usage": _counts(tokens)}))
        return b"".join(parts) + (b"data: [DONE]\n\n" if done else b"")

    def error(self, kind: str) -> bytes:
        return _event({"error": {"message": f"it went wrong: {kind}", "type": kind, "code": None}})

    def ping(self) -> bytes:
        return b": keep-alive\n\n"

    def texts(self, events: bytes) -> list[str]:
        """The pieces of text in events of this dialect, for answers that are not streamed."""
        found = [choice["delta"] for event in _read(events) for choice in event.get("choices", ())]
        return [delta["content"] for delta in found if delta.get("content")]

    def whole(self, text: str, tokens: int) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        head = _envelope(self.model) | {"object": "chat.completion"}
        return head | {"choices": [choice], "usage": _counts(tokens)}

    def refusal(self, status: int, message: str, kind: str) -> dict[str, Any]:
        return {"error": {"message": message, "type": kind, "code": kind}}

    def blocked(self) -> bytes | None:
        return None


class Anthropic:
    """Messages."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.model = str(body.get("model", ""))
        self._index = -1

    def start(self) -> bytes:
        message: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": 7, "cache_read_input_tokens": 4, "output_tokens": 1},
        }
        return _named({"type": "message_start", "message": message}) + self._open(
            {"type": "text", "text": ""}
        )

    def _open(self, block: dict[str, Any]) -> bytes:
        self._index += 1
        event = {"type": "content_block_start", "index": self._index, "content_block": block}
        return _named(event)

    def _stop(self) -> bytes:
        return _named({"type": "content_block_stop", "index": self._index})

    def text(self, piece: str) -> bytes:
        return _said(self._index, piece)

    def tool(self, name: str, pieces: list[str]) -> bytes:
        block = {"type": "tool_use", "id": f"toolu_{self._index + 1}", "name": name, "input": {}}
        opened = self._stop() + self._open(block)
        for piece in pieces:
            delta = {"type": "input_json_delta", "partial_json": piece}
            event = {"type": "content_block_delta", "index": self._index, "delta": delta}
            opened += _named(event)
        return opened

    def end(self, reason: str, tokens: int, *, usage: bool, done: bool) -> bytes:
        names = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
        delta: dict[str, Any] = {"type": "message_delta", "usage": {"output_tokens": tokens}}
        delta["delta"] = {"stop_reason": names.get(reason, "refusal"), "stop_sequence": None}
        parts = self._stop() + (_named(delta) if reason else b"")
        return parts + (_named({"type": "message_stop"}) if done else b"")

    def error(self, kind: str) -> bytes:
        error = {"type": kind, "message": f"it went wrong: {kind}"}
        return _named({"type": "error", "error": error})

    def ping(self) -> bytes:
        return _named({"type": "ping"})

    def texts(self, events: bytes) -> list[str]:
        found = [event.get("delta", {}).get("text") for event in _read(events)]
        return [text for text in found if text]

    def whole(self, text: str, tokens: int) -> dict[str, Any]:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 11, "output_tokens": tokens},
        }

    def refusal(self, status: int, message: str, kind: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": kind, "message": message}}

    def blocked(self) -> bytes | None:
        return None


class Google:
    """Contents. Each event is a whole answer with what is new in it; none says that it is the last."""

    _STATUSES: ClassVar[dict[str, int]] = {
        "overloaded_error": 503,
        "rate_limit_error": 429,
        "invalid_request_error": 400,
    }

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.model = ""
        self._called = False

    def start(self) -> bytes:
        return _event({"responseId": "answer-1", "modelVersion": "scripted"})

    def text(self, piece: str) -> bytes:
        return _held(piece)

    def tool(self, name: str, pieces: list[str]) -> bytes:
        self._called = True
        return _event(_candidate({"functionCall": {"name": name, "args": json.loads("".join(pieces))}}))

    def end(self, reason: str, tokens: int, *, usage: bool, done: bool) -> bytes:
        names = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "FUNCTION_CALL"}
        if self._called:
            names["tool_calls"] = "STOP"  # as Google itself ends such an answer
        last = _candidate({"text": ""})
        if reason:
            last["candidates"][0]["finishReason"] = names.get(reason, "SAFETY")
        counts = {"promptTokenCount": 11, "candidatesTokenCount": tokens, "cachedContentTokenCount": 4}
        return _event(last | ({"usageMetadata": counts} if usage else {}))

    def error(self, kind: str) -> bytes:
        code = self._STATUSES.get(kind, 500)
        return _event({"error": {"code": code, "message": f"it went wrong: {kind}", "status": kind.upper()}})

    def ping(self) -> bytes:
        return b": keep-alive\n\n"

    def texts(self, events: bytes) -> list[str]:
        found = [part for event in _read(events) for part in _parts(event)]
        return [part["text"] for part in found if part.get("text")]

    def whole(self, text: str, tokens: int) -> dict[str, Any]:
        return _candidate({"text": text}) | {"usageMetadata": {"promptTokenCount": 11}}

    def refusal(self, status: int, message: str, kind: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": kind.upper()}}

    def blocked(self) -> bytes | None:
        return _event({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})


def _candidate(part: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}


def _parts(event: dict[str, Any]) -> list[dict[str, Any]]:
    candidates = event.get("candidates") or [{}]
    parts: list[dict[str, Any]] = candidates[0].get("content", {}).get("parts", [])
    return parts


def _envelope(model: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": model,
    }


def _chunk(model: str, delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _event(_envelope(model) | {"choices": [choice]})


def _counts(tokens: int) -> dict[str, Any]:
    return {
        "prompt_tokens": 11,
        "completion_tokens": tokens,
        "total_tokens": 11 + tokens,
        "prompt_tokens_details": {"cached_tokens": 4},
    }


@lru_cache(maxsize=4096)
def _spoken(model: str, piece: str) -> bytes:
    return _chunk(model, {"content": piece})


@lru_cache(maxsize=4096)
def _said(index: int, piece: str) -> bytes:
    delta = {"type": "text_delta", "text": piece}
    return _named({"type": "content_block_delta", "index": index, "delta": delta})


@lru_cache(maxsize=4096)
def _held(piece: str) -> bytes:
    return _event(_candidate({"text": piece}))


def _read(events: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in events.split(b"\n") if line.startswith(b"data: {")]
    return [json.loads(line) for line in lines]


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _named(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\n".encode() + _event(value)
