"""One call of /v1 or of /mcp: the whole conversation comes with it, the request itself owns the run.

Each call is kept as a chat of its own origin: the last question, its answer, its usage, its line
in the trail. The text is saved before the model is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.contracts import ChatRequest, ModelCard
from chats.models import Chat, Message, Run
from chats.permissions import WRITE
from chats.plans import RunPlan, request_for, room_for_knowledge
from chats.services.conversations import message_limit, title_from
from chats.services.equipping import equipped
from chats.tuning import judge_for, tuning_for
from companions.checks import Guard
from companions.models import Companion, Interaction
from companions.queries import access_asked, companions_for
from companions.services.knowing import note_uses, shared_for
from companions.services.prompting import PreparedPrompt, prompt_of, with_shared
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import Conflict, Invalid, NotFound
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.context import current_tenant, use_tenant
from tenants.doors import Visitor, by_key, require_of
from tenants.services.pending import mark_pending
from tenants.statements import insert, send
from tenants.transactions import tenant_atomic


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the client's conversation: role is system, user or assistant."""

    role: str
    text: str


def open_exchange(
    *,
    token: str,
    seen_as: Actor,
    model: str,
    turns: Sequence[Turn],
    owner: str,
    wishes: dict[str, Any],
    door: str = "openai",
) -> RunPlan:
    """Authenticate, save the question, prepare the answer: one short transaction. `door` is for the trail."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context), acting_as(visitor.actor):
        require_of(visitor, WRITE.name)
        _check(turns)
        companion, prompt = _asked(visitor, model)
        return _open(visitor, companion, prompt, turns, owner, wishes, door)


def models_for(*, token: str, seen_as: Actor) -> list[Companion]:
    """The companions a key may ask, each as a model."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context):
        require_of(visitor, WRITE.name)
        return list(companions_for(member=visitor.member))


def _asked(visitor: Visitor, model: str) -> tuple[Companion, PreparedPrompt]:
    try:
        companion, inherited = access_asked(member=visitor.member, slug=model)
    except NotFound:
        message = _("There is no companion “%(model)s” here. GET /v1/models lists them.")
        raise NotFound(message % {"model": model[:80]}, code="model_not_found") from None
    if companion.state != Companion.State.ACTIVE:
        raise Conflict(_("This companion is paused at the moment."), code="companion_paused")
    return companion, prompt_of(inherited)


def _check(turns: Sequence[Turn]) -> None:
    if not turns or turns[-1].role != "user":
        raise Invalid(_("The last message must be the user's."), field="messages", code="no_question")
    for index, turn in enumerate(turns):
        clean_text(turn.text, field=f"messages[{index}].content", limit=message_limit(), required=False)
    clean_text(turns[-1].text, field="messages", limit=message_limit())


def _open(
    visitor: Visitor,
    companion: Companion,
    prompt: PreparedPrompt,
    turns: Sequence[Turn],
    owner: str,
    wishes: dict[str, Any],
    door: str,
) -> RunPlan:
    tuning = tuning_for(companion, **wishes)
    endpoint = tuning.endpoint
    shared = shared_for(companion, visitor.member, turns[-1].text, prompt.guard).within(
        room_for_knowledge(endpoint)
    )
    prompt = with_shared(prompt, shared, companion.language)
    chat, question, answer = _dialogue(visitor, companion, turns[-1].text)
    provenance = tuning.provenance(prompt.provenance)
    run = _run(answer, owner, prompt.digest, endpoint, provenance)
    with tenant_atomic():
        send(prompt.keeping(), insert(chat), insert(question, answer), insert(run))
        note_uses(shared, run_id=run.id, companion_id=companion.id, member_id=visitor.member.id)
        mark_pending(visitor.context.organization_id, "run")
        _note_asked(question, companion, run, door)
    plan = RunPlan(
        context=current_tenant(),
        actor=visitor.actor,
        run_id=run.id,
        message_id=answer.id,
        chat_id=chat.id,
        companion_id=companion.id,
        companion_slug=companion.slug,
        member_id=visitor.member.id,
        endpoint=endpoint,
        request=_request(prompt, turns, endpoint, tuning.wishes),
        answer_seconds=tuning.seconds,
        guard=prompt.guard,
        question=_new(turns),
        judge=judge_for(prompt.guard),
        language=visitor.member.user.language,
        provenance=provenance,
        door=Interaction.Kind.API,
    )
    return equipped(plan, companion, confirming=False)  # nobody is there to be asked


def _note_asked(question: Message, companion: Companion, run: Run, door: str) -> None:
    told = {"chat": question.chat_id, "companion": companion.slug, "run": run.id, "door": door}
    record_trail(action="chats.message.asked", resource_type="message", resource_id=question.id, payload=told)


def _request(
    prompt: PreparedPrompt, turns: Sequence[Turn], endpoint: ModelCard, wishes: dict[str, Any]
) -> ChatRequest:
    """Our prompt, then the client's own instructions, then what was said."""

    system = "\n\n".join([prompt.text, *(turn.text for turn in turns if turn.role == "system")])
    said = [
        (Message.Role.PERSON if turn.role == "user" else Message.Role.COMPANION, turn.text)
        for turn in [*_past(turns[:-1], prompt.guard), turns[-1]]
        if turn.role != "system" and turn.text
    ]
    return request_for(system, said, endpoint, **wishes)


def _past(turns: Sequence[Turn], guard: Guard) -> list[Turn]:
    """Earlier turns that policies let be told; of one that they keep back, what followed is left out too."""
    told, kept_back = [], False
    for turn in turns:
        lets = guard.lets("input", turn.text)
        kept_back = not lets if turn.role == "user" else kept_back or not lets
        if not kept_back:
            told.append(turn)
    return told


def _new(turns: Sequence[Turn]) -> str:
    """What policies look at: the question, and the client's own instructions."""
    return "\n\n".join(turn.text for turn in turns if turn.role == "system" or turn is turns[-1])


def _dialogue(visitor: Visitor, companion: Companion, text: str) -> tuple[Chat, Message, Message]:
    """A chat with the question and the answer to be written; every id is known beforehand."""
    user_id = visitor.member.user_id
    chat = Chat(
        owner_id=user_id,
        companion=companion,
        origin=Chat.Origin.OPENAI,
        title=title_from(text),
        last_message_at=timezone.now(),
    )
    question = Message(chat=chat, role=Message.Role.PERSON, text=text, author_id=user_id)
    answer = Message(chat=chat, parent=question, role=Message.Role.COMPANION, state=Message.State.STREAMING)
    chat.leaf_id = answer.id
    return chat, question, answer


def _run(answer: Message, owner: str, digest: str, endpoint: ModelCard, provenance: dict[str, Any]) -> Run:
    now = timezone.now()
    return Run(
        chat_id=answer.chat_id,
        message=answer,
        state=Run.State.STREAMING,
        owner=owner,
        started_at=now,
        heartbeat_at=now,
        endpoint=endpoint.name,
        model=endpoint.model,
        prompt_digest=digest,
        provenance=provenance,
    )
