"""One call of /v1 or of /mcp: the whole conversation comes with it, the request itself owns the run.

Each call is kept as a chat of its own origin: the last question, its answer, its usage, its line
in the trail. The text is saved before the model is asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from audit.services.rates import admit_question, place_for
from byoc.contracts import ChatRequest, ModelCard
from chats.attached import UNREAD
from chats.models import Chat, Message, Run
from chats.passing import check_offer, given, told
from chats.permissions import WRITE
from chats.plans import RunPlan, fitted, room_for_knowledge
from chats.services.attaching import attach, documents_for
from chats.services.citing import give_sources
from chats.services.conversations import message_limit, title_from
from chats.services.equipping import equipped
from chats.services.runs import admitted
from chats.tuning import judge_for, tuning_for
from chats.turns import Offer, Turn, brought, instructions, latest, new, past, questions
from companions.config_keys import DOCUMENT_SECONDS
from companions.models import Companion, Interaction
from companions.queries import access_asked, companions_for
from companions.services.knowing import note_uses, shared_for
from companions.services.prompting import PreparedPrompt, prompt_of, with_shared
from companions.services.reading import Brought
from documents.services.files import states_of
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import Conflict, Invalid, NotFound
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.config.resolver import Subject, resolve
from tenants.context import current_tenant, use_tenant
from tenants.doors import Visitor, by_key, require_of
from tenants.services.pending import mark_pending
from tenants.statements import insert, send
from tenants.transactions import tenant_atomic

NO_TOOLS = Offer()


def open_exchange(
    *,
    token: str,
    seen_as: Actor,
    model: str,
    turns: Sequence[Turn],
    owner: str,
    wishes: dict[str, Any],
    offer: Offer = NO_TOOLS,
    door: str = "openai",
) -> RunPlan:
    """Authenticate, save the question, prepare the answer: one short transaction. `door` is for the trail.

    With an `offer` the companion's own tools stay away: a client that brings tools goes through the turns
    itself, and would be told of calls that it never saw.
    """
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context), acting_as(visitor.actor):
        require_of(visitor, WRITE.name)
        _check(turns)
        admit_question()
        companion, prompt = _asked(visitor, model)
        return _open(visitor, companion, prompt, turns, owner, wishes, door, offer)


def seconds_to_wait(*, token: str, seen_as: Actor, model: str, document_ids: Sequence[uuid.UUID]) -> float:
    """How long an answer waits for these files at most; 0 where none of them is being read."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context), acting_as(visitor.actor):
        require_of(visitor, WRITE.name)
        companion, _prompt = _asked(visitor, model)
        files = states_of([one.id for one in documents_for(visitor.member, document_ids)])
        if not any(one.state in UNREAD for one in files.values()):
            return 0
        return float(resolve(DOCUMENT_SECONDS, Subject(companion_team_id=companion.team_id)))


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
    if not turns or turns[-1].role not in {"user", "tool"} or not questions(turns):
        raise Invalid(_("The last message must be the user's."), field="messages", code="no_question")
    for index, turn in enumerate(turns):
        clean_text(turn.text, field=f"messages[{index}].content", limit=message_limit(), required=False)
        for call in turn.calls:
            clean_text(call.arguments, field=f"messages[{index}].tool_calls", limit=message_limit())
    clean_text(questions(turns)[-1].text, field="messages", limit=message_limit())


def _open(
    visitor: Visitor,
    companion: Companion,
    prompt: PreparedPrompt,
    turns: Sequence[Turn],
    owner: str,
    wishes: dict[str, Any],
    door: str,
    offer: Offer,
) -> RunPlan:
    tuning = tuning_for(companion, **wishes)
    endpoint = tuning.endpoint
    check_offer(offer, endpoint, prompt.guard)
    question_text = questions(turns)[-1].text
    documents = documents_for(visitor.member, questions(turns)[-1].documents)
    materials = Brought(brought(turns))
    shared = shared_for(companion, visitor.member, question_text, prompt.guard, materials)
    shared = shared.within(room_for_knowledge(endpoint))
    prompt = with_shared(prompt, shared, companion.language, citing=False)  # nothing says there what [1] is
    chat, question, answer = _dialogue(visitor, companion, question_text)
    provenance = tuning.provenance(prompt.provenance)
    run = _run(answer, owner, prompt.digest, endpoint, provenance)
    with place_for(run.id):
        with tenant_atomic():
            send(prompt.keeping(), insert(chat), insert(question, answer), insert(run))
            note_uses(shared, run_id=run.id, companion_id=companion.id, member_id=visitor.member.id)
            give_sources(answer.id, shared.passages)
            attach(question, documents)
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
            team_id=visitor.member.team_id,
            endpoint=endpoint,
            request=_request(prompt, turns, endpoint, tuning.wishes, offer),
            answer_seconds=tuning.seconds,
            guard=prompt.guard,
            question=new(turns),
            judge=judge_for(prompt.guard),
            language=visitor.member.user.language,
            provenance=provenance,
            door=Interaction.Kind.API,
            passes=bool(offer.tools),
            handed=offer.most,
            given=given(turns, prompt.guard),
            sources=shared.passages,
        )
        if not (plan.passes or plan.given):
            plan = equipped(plan, companion, confirming=False)  # nobody is there to be asked
        return admitted(plan)


def _note_asked(question: Message, companion: Companion, run: Run, door: str) -> None:
    told = {"chat": question.chat_id, "companion": companion.slug, "run": run.id, "door": door}
    record_trail(action="chats.message.asked", resource_type="message", resource_id=question.id, payload=told)


def _request(
    prompt: PreparedPrompt,
    turns: Sequence[Turn],
    endpoint: ModelCard,
    wishes: dict[str, Any],
    offer: Offer,
) -> ChatRequest:
    """Our prompt, then the client's own instructions, then what was said."""
    system = "\n\n".join([prompt.text, *instructions(turns)])
    said = told([*past(turns, prompt.guard), *latest(turns)], prompt.guard)
    messages = fitted(system, said, endpoint)
    return ChatRequest(messages, endpoint.model, tools=offer.tools, tool_choice=offer.choice, **wishes)


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
