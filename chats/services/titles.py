"""A title for a chat nobody named, once its first answer stands."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from django.db import connections
from django.db.models import F

from byoc import gateway
from byoc.contracts import ChatMessage, ChatRequest, ModelCard
from chats.models import Chat, Message
from chats.services.conversations import TITLE_LIMIT, title_from
from companions.choosing import model_for
from humana.kernel.errors import EndpointError
from humana.kernel.ports import record_trail
from tenants.transactions import tenant_atomic

_WISH = {
    "pt-br": "Dê um título de no máximo seis palavras a esta conversa. Responda só com o título, sem aspas.",
    "en": "Give this conversation a title of at most six words. Answer with the title only, no quotes.",
}


@dataclass(frozen=True, slots=True)
class _Start:
    """How the chat began: what a title is made of."""

    question: str
    answer: str
    language: str
    endpoint: ModelCard


def make_title(chat_id: uuid.UUID) -> None:
    """Ask the chat's model for a title; the question's first words where it cannot say a good one.

    The built-in model is too small to name a conversation, so it is not asked.
    """
    start = _start(chat_id)
    if start is None:
        return
    title = title_from(start.question)
    if not start.endpoint.builtin:
        connections.close_all()  # no connection is held while the model speaks
        title = asyncio.run(_ask(start)) or title
    _keep(chat_id, title)


def _start(chat_id: uuid.UUID) -> _Start | None:
    chat = Chat.objects.select_related("companion").filter(id=chat_id, title_by_person=False).first()
    if chat is None:
        return None
    first = list(
        Message.objects.filter(chat_id=chat_id, state=Message.State.DONE).order_by("created_at", "id")[:2]
    )
    if len(first) < 2:
        return None
    companion = chat.companion
    return _Start(first[0].text, first[1].text, companion.language, model_for(companion))


async def _ask(start: _Start) -> str:
    talk = f"{start.question[:1500]}\n\n---\n\n{start.answer[:1500]}"
    wish = _WISH.get(start.language, _WISH["en"])
    request = ChatRequest(
        (ChatMessage("system", wish), ChatMessage("user", talk)), start.endpoint.model, max_tokens=30
    )
    try:
        answer = await gateway.llm(start.endpoint).generate(request)
    except EndpointError:
        return ""
    finally:
        await gateway.close()
    return " ".join(answer.text.split()).strip("\"'“”#* ")[:TITLE_LIMIT]


def _keep(chat_id: uuid.UUID, title: str) -> None:
    with tenant_atomic():
        rows = Chat.objects.filter(id=chat_id, title_by_person=False)
        if rows.update(title=title, version=F("version") + 1):
            record_trail(action="chats.chat.titled", resource_type="chat", resource_id=chat_id)
