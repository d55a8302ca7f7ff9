"""The shapes of a response, the same while it is made and when it is read again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from byoc.contracts import ToolCall
from chats.blocking import ANSWER, sentence_of
from chats.doors.cited import NOTHING, Told
from chats.doors.visitors import in_language
from chats.source_shapes import citation
from chats.sources import Source
from humana.rendering.citations import Mark

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def response_id(run_id: uuid.UUID) -> str:
    """Of the run that makes it."""
    return f"resp_{run_id.hex}"


def body(
    named: str,
    status: str,
    output: Sequence[dict[str, Any]],
    echo: Mapping[str, Any],
    *,
    reason: str = "",
    usage: dict[str, Any] | None = None,
    error: str = "",
) -> dict[str, Any]:
    """A response; `echo` is what it repeats of its request, `reason` why it is incomplete."""
    return {
        "id": named,
        "object": "response",
        "status": status,
        "error": {"code": "server_error", "message": error} if error else None,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": list(output),
        "usage": usage,
        "metadata": {},
        **echo,
    }


def status_of(reason: str) -> tuple[str, str]:
    """How an answer that came to an end ended, and why it is incomplete if it is."""
    told = _INCOMPLETE.get(reason, "")
    return ("incomplete" if told else "completed"), told


def message(named: str, status: str, content: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    whose = {"id": named, "type": "message", "role": "assistant"}
    return {**whose, "status": status, "content": list(content)}


def refusal(language: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Why a policy stopped it, in the member's language."""
    return {"type": "refusal", "refusal": in_language(language or "en", lambda: sentence_of(ANSWER, found))}


def text_part(text: str, cited: Told = NOTHING) -> dict[str, Any]:
    notes = [_annotation(one, cited.sources[one.number]) for one in cited.marks]
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": []}


def _annotation(mark: Mark, source: Source) -> dict[str, Any]:
    """`index` is where its brackets begin. What stands beside the protocol's own fields is ours."""
    named = f"{'file' if source.is_document else source.kind}-{source.id.hex}"
    protocol = {"type": "file_citation", "file_id": named, "filename": source.title, "index": mark.start}
    return {**protocol, "source": msgspec.to_builtins(citation(source))}


def called(call: ToolCall) -> dict[str, Any]:
    return {
        "id": f"fc_{call.id}",
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    }


def usage_of(used: tuple[int, int, int] | None) -> dict[str, Any] | None:
    """Of tokens in, out and from a cache."""
    if used is None:
        return None
    given, made, cached = used
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + made,
    }
