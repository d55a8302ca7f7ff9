"""POST /v1/embeddings: texts as vectors, by the organization's model of embeddings."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from django.conf import settings

from audit.services.budgets import OverBudget
from audit.services.vectors import VectorRoom, counted_or_guessed
from byoc.contracts import Embeddings, TextKind
from chats.doors.openai import asking
from chats.endings import ending
from chats.services.embedding import (
    Asked,
    ask_vectors,
    forget_vectors,
    hold_for,
    note_vectors,
    open_embedding,
)
from humana.kernel.errors import EndpointError, Invalid, NotFound
from humana.kernel.http import Request, Send, send_json, while_connected
from tenants.threads import in_thread

#: What programs call it, whatever model it is: an organization may change that one.
MODEL = "embeddings"
#: Texts of one request, and characters of each.
MOST_TEXTS, LONGEST_TEXT = 256, 32_000


class Ask(msgspec.Struct):
    """`input_type` is what others call it too: "query" is searched with, "passage" is searched."""

    model: str
    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    input_type: Literal["query", "passage"] = "passage"


_ask = msgspec.json.Decoder(Ask)


async def embed(request: Request, send: Send, token: str) -> None:
    ask: Ask = asking.decoded(_ask, await request.body(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    texts = _texts(ask.input)
    asked = await in_thread(open_embedding, token=token, seen_as=request.actor())
    if ask.model not in {MODEL, asked.model}:
        raise NotFound(f"The model '{ask.model[:80]}' does not exist.", code="model_not_found")
    await while_connected(request, _answer(request, send, ask, asked, texts))


async def _answer(request: Request, send: Send, ask: Ask, asked: Asked, texts: Sequence[str]) -> None:
    found = await _metered(asked, texts, ask.input_type)
    if ask.dimensions not in {None, found.dims}:
        message = f"These vectors have {found.dims} dimensions, and no others."
        raise Invalid(message, field="dimensions", code="unsupported_dimensions")
    await send_json(send, request, 200, _told(found, ask, texts))


async def _metered(asked: Asked, texts: Sequence[str], kind: TextKind) -> Embeddings:
    """What is held is settled or given back, whenever the client leaves."""
    holding = asyncio.create_task(in_thread(hold_for, asked, texts))
    try:
        room = await asyncio.shield(holding)
    except asyncio.CancelledError:
        ending(_unasked(asked, holding))
        raise
    try:
        found = await ask_vectors(asked, texts, kind)
    except EndpointError:
        await ending(in_thread(forget_vectors, asked, room))
        raise
    except BaseException:
        await ending(in_thread(note_vectors, asked, room, None))
        raise
    await ending(in_thread(note_vectors, asked, room, found))
    return found


async def _unasked(asked: Asked, holding: asyncio.Task[VectorRoom]) -> None:
    """The client left while room was being made; where there was none, nothing is held."""
    with contextlib.suppress(OverBudget):
        await in_thread(forget_vectors, asked, await holding)


def _texts(given: str | list[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not 0 < len(texts) <= MOST_TEXTS:
        raise Invalid(f"Between one text and {MOST_TEXTS} at once.", field="input", code="too_many_texts")
    for index, text in enumerate(texts):
        if not text.strip() or len(text) > LONGEST_TEXT:
            message = f"A text has something in it, and at most {LONGEST_TEXT} characters."
            raise Invalid(message, field=f"input[{index}]", code="invalid_text")
    return texts


def _told(found: Embeddings, ask: Ask, texts: Sequence[str]) -> dict[str, Any]:
    rows = [
        {"object": "embedding", "index": index, "embedding": _vector(row, ask.encoding_format)}
        for index, row in enumerate(found.vectors)
    ]
    tokens = counted_or_guessed(found, texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": ask.model, "usage": usage}


def _vector(row: Any, encoding: str) -> str | list[float]:
    if encoding == "base64":  # little-endian float32, which SDKs ask for by themselves
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    told: list[float] = row.tolist()
    return told
