"""One call of /v1 or of /mcp: the whole conversation comes with it, the request itself owns the run.

Each call is kept as a chat of its own origin: the last question, its answer, its usage, its line
in the trail. The text is saved before the model is asked. One that goes on from an earlier response is
kept below that answer, in its chat: what was said before is read from there.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.services.rates import admit_question, place_for
from byoc.contracts import ChatRequest, ModelCard
from chats.keeping import Kept, held_back
from chats.models import Chat, Message, Run
from chats.passing import check_offer, given, tellable, told
from chats.permissions import WRITE
from chats.plans import RunPlan, fitted, room_for_knowledge
from chats.services.addressing import addressed, files_for, read_files
from chats.services.attaching import attach
from chats.services.citing import give_sources, unnumbered
from chats.services.conversations import message_limit, title_from
from chats.services.equipping import equipped
from chats.services.responses import Above, above, check_same, hold
from chats.services.runs import admitted
from chats.steps import Step
from chats.tuning import Tuning, judge_for, tuning_for
from chats.turns import Offer, Turn, brought, check_pairs, instructions, latest, new, past, questions
from companions.checks import Guard
from companions.models import Companion, Interaction
from companions.references import Shared
from companions.services.knowing import note_uses, shared_for
from companions.services.prompting import PreparedPrompt, with_shared
from companions.services.reading import Brought
from documents.store import Card
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import Invalid
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
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
    thread: Thread | None = None,
) -> RunPlan:
    """Authenticate, save the question, prepare the answer: one short transaction. `door` is for the trail.

    With an `offer` the companion's own tools stay away: a client that brings tools goes through the turns
    itself, and would be told of calls that it never saw. With a `thread` the turns are what is new in it.
    """
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context), acting_as(visitor.actor):
        require_of(visitor, WRITE.name)
        thread = thread or Thread()
        earlier = above(visitor.member, thread.after) if thread.continues else None
        whole = [*thread.start, *(earlier.turns if earlier else ()), *turns]
        check_pairs(whole, thread.field, known=len(whole) - len(turns))  # over the boundary too
        _check(turns, thread, whole)
        admit_question()
        companion, prompt = addressed(visitor, model)
        if earlier is not None:
            check_same(companion, earlier.chat)
        call = _Call(visitor, companion, whole, owner, wishes, door, offer, turns, earlier, thread.echo)
        return _open(call, prompt)


@dataclass(frozen=True, slots=True)
class Thread:
    """How a response is gone on from and kept.

    `start` is what holds for this one alone, `after` the run of the response that it goes on from, None for
    an id that is none; `echo` what is kept to be told again, None where nothing is to be kept; `field` what
    the protocol calls the turns, so that a refusal names what is wrong as the client sent it.
    """

    continues: bool = False
    after: uuid.UUID | None = None
    start: Sequence[Turn] = ()
    echo: dict[str, Any] | None = None
    field: str = "messages"


def _check(turns: Sequence[Turn], thread: Thread, whole: Sequence[Turn]) -> None:
    """What came in; what stood above it was looked at when it did."""
    field, limit = thread.field, message_limit()
    if not turns or turns[-1].role not in {"user", "tool"} or not questions(whole):
        raise Invalid(_("The last message must be the user's."), field=field, code="no_question")
    for one in thread.start:
        clean_text(one.text, field="instructions", limit=limit, required=False)
    for index, turn in enumerate(turns):
        clean_text(turn.text, field=f"{field}[{index}].content", limit=limit, required=False)
        for call in turn.calls:
            clean_text(call.arguments, field=f"{field}[{index}].tool_calls", limit=limit)
    for asked in questions(turns)[-1:]:
        clean_text(asked.text, field=field, limit=limit)


@dataclass(frozen=True, slots=True)
class _Call:
    """What the client sent, and to whom: `turns` with all that was said before, `fresh` what is new."""

    visitor: Visitor
    companion: Companion
    turns: Sequence[Turn]
    owner: str
    wishes: dict[str, Any]
    door: str
    offer: Offer
    fresh: Sequence[Turn]
    above: Above | None
    echo: dict[str, Any] | None

    @property
    def asked(self) -> Turn:
        """The last question."""
        return questions(self.turns)[-1]

    @property
    def asks(self) -> bool:
        """Whether there is a new question, and not only what tools said since the last one."""
        return bool(questions(self.fresh))

    def kept(self, guard: Guard) -> Kept | None:
        """What is kept for the program; None where it wants nothing kept."""
        return Kept(held_back(self.fresh, guard), self.echo) if self.echo is not None else None

    def given(self, guard: Guard) -> tuple[Step, ...]:
        """The results that are new since the question."""
        fresh = {one.call_id for one in self.fresh if one.role == "tool"}
        return tuple(one for one in given(self.turns, guard) if one.call in fresh)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the answer is made with, and the rows that keep it; nothing is written yet."""

    tuning: Tuning
    prompt: PreparedPrompt
    shared: Shared
    documents: Sequence[Card]
    chat: Chat
    question: Message | None
    answer: Message
    run: Run
    kept: Kept | None


def _open(call: _Call, prompt: PreparedPrompt) -> RunPlan:
    ready = _prepare(call, prompt)
    with place_for(ready.run.id):
        _keep(call, ready)
        plan = _plan(call, ready)
        if not (plan.passes or plan.given):
            plan = equipped(
                plan, call.companion, _retold(ready, call), confirming=False
            )  # nobody is there to ask
        return admitted(plan)


def _prepare(call: _Call, prompt: PreparedPrompt) -> _Prepared:
    companion, member = call.companion, call.visitor.member
    tuning = tuning_for(companion, **call.wishes)
    check_offer(call.offer, tuning.endpoint, prompt.guard)
    documents = read_files(files_for(member, call.asked.documents)) if call.asks else []
    shared = shared_for(companion, member, call.asked.text, prompt.guard, Brought(brought(call.turns)))
    shared = shared.within(room_for_knowledge(tuning.endpoint))
    prompt = with_shared(prompt, shared, companion.language)
    kept = call.kept(prompt.guard)
    chat, question, answer = _dialogue(call, kept)
    provenance = tuning.provenance(prompt.provenance)
    run = _run(answer, call.owner, prompt.digest, tuning.endpoint, provenance)
    return _Prepared(tuning, prompt, shared, documents, chat, question, answer, run, kept)


def _keep(call: _Call, ready: _Prepared) -> None:
    """The question is saved before any model is asked."""
    visitor, run, said = call.visitor, ready.run, [one for one in (ready.question, ready.answer) if one]
    with tenant_atomic():
        if call.above is not None:
            hold(ready.chat)
        new_chat = () if call.above is not None else (insert(ready.chat),)
        send(ready.prompt.keeping(), *new_chat, insert(*said), insert(run))
        if call.above is not None:
            _move_on(ready.chat, ready.answer)
        note_uses(ready.shared, run_id=run.id, companion_id=call.companion.id, member_id=visitor.member.id)
        give_sources(ready.answer.id, ready.shared.passages)
        if ready.question is not None:
            attach(ready.question, ready.documents)
        mark_pending(visitor.context.organization_id, "run")
        _note_asked(said[0], call.companion, run, call.door)


def _move_on(chat: Chat, answer: Message) -> None:
    """The chat is shown to its new end."""
    rows = Chat.objects.filter(id=chat.id)
    rows.update(leaf_id=answer.id, last_message_at=timezone.now(), version=F("version") + 1)


def _plan(call: _Call, ready: _Prepared) -> RunPlan:
    member, guard = call.visitor.member, ready.prompt.guard
    return RunPlan(
        context=current_tenant(),
        actor=call.visitor.actor,
        run_id=ready.run.id,
        message_id=ready.answer.id,
        chat_id=ready.chat.id,
        companion_id=call.companion.id,
        companion_slug=call.companion.slug,
        member_id=member.id,
        team_id=member.team_id,
        endpoint=ready.tuning.endpoint,
        request=_request(ready, call),
        answer_seconds=ready.tuning.seconds,
        guard=guard,
        question=new(call.turns),
        judge=judge_for(guard),
        language=member.user.language,
        provenance=ready.run.provenance,
        door=Interaction.Kind.API,
        passes=bool(call.offer.tools),
        handed=call.offer.most,
        given=call.given(guard),
        kept=ready.kept,
        sources=ready.shared.passages,
    )


def _note_asked(question: Message, companion: Companion, run: Run, door: str) -> None:
    told = {"chat": question.chat_id, "companion": companion.slug, "run": run.id, "door": door}
    record_trail(action="chats.message.asked", resource_type="message", resource_id=question.id, payload=told)


def _said(ready: _Prepared, call: _Call) -> list[Turn]:
    """What may be told of the conversation, each as one message."""
    turns, guard = unnumbered(call.turns) if ready.shared.passages else call.turns, ready.prompt.guard
    return [one for one in (*past(turns, guard), *latest(turns)) if tellable(one)]


def _retold(ready: _Prepared, call: _Call) -> list[Message]:
    """The same as messages, with uses of the companion's own tools."""
    if not any(one.uses for one in call.turns):
        return []
    return [Message(text=one.text, parts=list(one.uses)) for one in _said(ready, call)]


def _request(ready: _Prepared, call: _Call) -> ChatRequest:
    """Our prompt, then the client's own instructions, then what was said."""
    prompt, tuning, offer = ready.prompt, ready.tuning, call.offer
    system = "\n\n".join([prompt.text, *instructions(call.turns)])
    messages = fitted(system, told(_said(ready, call), prompt.guard), tuning.endpoint)
    return ChatRequest(
        messages, tuning.endpoint.model, tools=offer.tools, tool_choice=offer.choice, **tuning.wishes
    )


def _dialogue(call: _Call, kept: Kept | None) -> tuple[Chat, Message | None, Message]:
    """A chat with the question and the answer to be written, or the earlier chat with them; every id is known
    beforehand. Where only tools said something there is no question: the answer is the rest of the one above.
    """
    user_id, above_id = call.visitor.member.user_id, call.above.answer_id if call.above else None
    chat = call.above.chat if call.above else _chat(call, user_id)
    question = None
    if call.asks:
        question = Message(
            chat=chat, parent_id=above_id, role=Message.Role.PERSON, text=call.asked.text, author_id=user_id
        )
    answer = Message(
        chat=chat,
        parent_id=question.id if question else above_id,
        role=Message.Role.COMPANION,
        state=Message.State.STREAMING,
        parts=[kept.part()] if kept else [],
    )
    chat.leaf_id = answer.id
    return chat, question, answer


def _chat(call: _Call, user_id: uuid.UUID) -> Chat:
    return Chat(
        owner_id=user_id,
        companion=call.companion,
        origin=Chat.Origin.OPENAI,
        title=title_from(call.asked.text),
        last_message_at=timezone.now(),
    )


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
