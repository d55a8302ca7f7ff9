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
from chats.plans import Outcome
from chats.services.conversations import TITLE_LIMIT, title_from
from chats.services.metering import note_judging, note_use
from chats.services.runs import note_findings
from chats.tuning import judge_for
from chats.watching import Watch
from companions.checks import Guard
from companions.choosing import model_for
from companions.models import Companion
from companions.services.prompting import prepare_prompt
from humana.kernel.errors import EndpointError
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.transactions import tenant_atomic

_WISH = {
    "pt-br": "Dê um título de no máximo seis palavras a esta conversa. Responda só com o título, sem aspas.",
    "en": "Give this conversation a title of at most six words. Answer with the title only, no quotes.",
}


@dataclass(frozen=True, slots=True)
class _Start:
    """How the chat began, what a title is made of; and what policies look at in one."""

    question: str
    answer: str
    companion: Companion
    owner_id: uuid.UUID
    endpoint: ModelCard
    guard: Guard
    judge: ModelCard | None


def make_title(chat_id: uuid.UUID) -> None:
    """Ask the chat's model for a title; the question's first words where it cannot say a good one.

    The built-in model is too small to name a conversation, so it is not asked.
    """
    start = _start(chat_id)
    if start is None:
        return
    title = title_from(start.question)
    if not start.endpoint.builtin:
        watch = Watch(start.guard, "", judge=start.judge, language=start.companion.language)
        connections.close_all()  # no connection is held while the model speaks
        made = Outcome(state="")
        title = asyncio.run(_ask(start, watch, made)) or title
        _note_down(chat_id, start, watch, made)
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
    guard = prepare_prompt(companion).guard
    return _Start(
        question=first[0].text,
        answer=first[1].text,
        companion=companion,
        owner_id=chat.owner_id,
        endpoint=model_for(companion),
        guard=guard,
        judge=judge_for(guard),
    )


async def _ask(start: _Start, watch: Watch, made: Outcome) -> str:
    """What the model says, as a title; nothing where a policy would not let it be shown."""
    talk = f"{start.question[:1500]}\n\n---\n\n{start.answer[:1500]}"
    wish = _WISH.get(start.companion.language, _WISH["en"])
    request = ChatRequest(
        (ChatMessage("system", wish), ChatMessage("user", talk)), start.endpoint.model, max_tokens=30
    )
    try:
        answer = await gateway.llm(start.endpoint).generate(request)
        made.state = "titled"
        if answer.usage is not None:
            made.count(answer.usage)
        title = " ".join(answer.text.split()).strip("\"'“”#* ")[:TITLE_LIMIT]
        return title if await watch.lets(title) else ""
    except EndpointError:
        return ""
    finally:
        await gateway.close()


def _note_down(chat_id: uuid.UUID, start: _Start, watch: Watch, made: Outcome) -> None:
    """What policies found in the title, and what the model and their judge used."""
    member_id = _member_id(start.owner_id)
    with tenant_atomic():
        note_findings(watch.findings, {"chat": chat_id, "companion": start.companion.slug})
        if member_id is not None:
            if made.state:  # it answered
                note_use(start.companion.id, member_id, start.endpoint, made)
            note_judging(start.companion.id, member_id, start.judge, watch.judged)


def _member_id(user_id: uuid.UUID) -> uuid.UUID | None:
    here = Membership.objects.filter(organization_id=current_tenant().organization_id, user_id=user_id)
    return here.values_list("id", flat=True).first()


def _keep(chat_id: uuid.UUID, title: str) -> None:
    with tenant_atomic():
        rows = Chat.objects.filter(id=chat_id, title_by_person=False)
        if rows.update(title=title, version=F("version") + 1):
            record_trail(action="chats.chat.titled", resource_type="chat", resource_id=chat_id)
