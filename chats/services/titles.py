"""A title for a chat nobody named, once its first answer stands."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass

from django.db import connections
from django.db.models import F

from audit.services.budgets import OverBudget, Whose
from byoc import gateway
from byoc.contracts import ChatMessage, ChatRequest, ModelCard
from chats.models import Chat, Message
from chats.plans import Outcome
from chats.services.conversations import TITLE_LIMIT, plain, title_from
from chats.services.metering import note_judging, note_use
from chats.services.reserving import Asking, Room, room_for, used
from chats.services.runs import note_findings
from chats.services.words import note_title
from chats.tuning import judge_for
from chats.watching import Watch
from companions.checks import Guard
from companions.choosing import model_for
from companions.models import Companion
from companions.services.prompting import prepare_prompt
from humana.kernel.errors import EndpointError
from humana.kernel.models import new_id
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.transactions import tenant_atomic

_WISH = {
    "pt-br": "Dê um título de no máximo seis palavras a esta conversa. Responda só com o título, sem aspas.",
    "en": "Give this conversation a title of at most six words. Answer with the title only, no quotes.",
}
#: Some models say first that it is one.
_LABEL = re.compile(r"\A[\"'“]?(?:t[ií]tulo|title)\s*:\s*", re.IGNORECASE)


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
        title = _made(chat_id, start) or title
    _keep(chat_id, title)


def _made(chat_id: uuid.UUID, start: _Start) -> str:
    """What the model calls it; nothing where no budget has room for that."""
    watch = Watch(start.guard, "", judge=start.judge, language=start.companion.language)
    owner, made = _owner(start.owner_id), Outcome(state="")
    whose = _whose(owner, start.companion)
    try:
        with room_for(Asking(new_id(), whose, _request(start), start.endpoint, start.judge)) as room:
            connections.close_all()  # no connection is held while the model speaks
            title = asyncio.run(_ask(start, room.request, watch, made))
            _note_down(chat_id, start, watch, made, owner, room)
    except OverBudget:
        return ""
    return title


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


def _whose(owner: Membership | None, companion: Companion) -> Whose:
    if owner is None:
        return Whose(None, None, companion.id)
    return Whose(owner.id, owner.team_id, companion.id)


def _request(start: _Start) -> ChatRequest:
    talk = f"{start.question[:1500]}\n\n---\n\n{start.answer[:1500]}"
    wish = _WISH.get(start.companion.language, _WISH["en"])
    return ChatRequest(
        (ChatMessage("system", wish), ChatMessage("user", talk)), start.endpoint.model, max_tokens=30
    )


async def _ask(start: _Start, request: ChatRequest, watch: Watch, made: Outcome) -> str:
    """What the model says, as a title; nothing where a policy would not let it be shown."""
    try:
        answer = await gateway.llm(start.endpoint).generate(request)
        made.state = "titled"
        if answer.usage is not None:
            made.count(answer.usage)
        title = _LABEL.sub("", plain(answer.text)).strip("\"'“”#* ")[:TITLE_LIMIT]
        return title if await watch.lets(title) else ""
    except EndpointError:
        return ""
    finally:
        await gateway.close()


def _note_down(
    chat_id: uuid.UUID, start: _Start, watch: Watch, made: Outcome, owner: Membership | None, room: Room
) -> None:
    """What policies found in the title, and what the model and their judge used."""
    made.judged = watch.judged
    with tenant_atomic():
        room.settle(used(start.endpoint, made, room.request, start.judge))
        note_findings(watch.findings, {"chat": chat_id, "companion": start.companion.slug})
        if owner is not None:
            if made.state:  # it answered
                note_use(start.companion.id, owner.id, start.endpoint, made, team_id=owner.team_id)
            note_judging(start.companion.id, owner.id, start.judge, watch.judged, owner.team_id)


def _owner(user_id: uuid.UUID) -> Membership | None:
    here = Membership.objects.filter(organization_id=current_tenant().organization_id, user_id=user_id)
    return here.first()


def _keep(chat_id: uuid.UUID, title: str) -> None:
    with tenant_atomic():
        rows = Chat.objects.filter(id=chat_id, title_by_person=False)
        if rows.update(title=title, version=F("version") + 1):
            note_title(Chat.objects.get(id=chat_id), title)
            record_trail(action="chats.chat.titled", resource_type="chat", resource_id=chat_id)
