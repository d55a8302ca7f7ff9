"""A run from its owner's side: take it, keep what is written so far, end it. Short transactions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.services.budgets import OverBudget
from audit.services.rates import begin_answer, end_answer
from byoc import gateway
from byoc.contracts import ModelCard
from byoc.pricing import Price
from chats import signals
from chats.blocking import kept
from chats.models import Chat, Message, Run
from chats.plans import (
    Outcome,
    Reading,
    RunPlan,
    going_on,
    question_in,
    request_for,
    room_for_knowledge,
    told_again,
    turns_of,
)
from chats.queries import ancestry
from chats.services.citing import give_sources, keep_cited, keep_cited_of, without_numbers
from chats.services.equipping import equipped
from chats.services.informing import Asked, asked_by, shared_with
from chats.services.metering import note_judging, priced, usage_lines
from chats.services.past import may_be_told
from chats.services.projects import with_project
from chats.services.reserving import estimated, held, settle_answer, use_of
from chats.services.words import of_answer
from chats.tuning import judge_for, tuning_for
from companions.checks import Finding
from companions.models import Companion, Interaction
from companions.queries import Heritage, heritage
from companions.references import Shared
from companions.services.interactions import interaction
from companions.services.knowing import note_uses
from companions.services.prompting import prepare_prompt, with_shared
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import EndpointError
from humana.kernel.ports import record_trail
from humana.rendering.citations import Cited
from tenants.context import current_tenant, use_tenant
from tenants.jobs import enqueue_on_commit
from tenants.models import Membership
from tenants.places import within
from tenants.queries import may_enter
from tenants.scoping import locked
from tenants.statements import Statement, changed, insert, send, update
from tenants.transactions import on_tenant_commit, tenant_atomic

TITLE_TASK = "chats.title"


def begin_run(
    organization_id: uuid.UUID, run_id: uuid.UUID, owner: str
) -> RunPlan | Outcome | Reading | None:
    """Take a queued run and prepare its question.

    None if somebody else has it or it is over; an Outcome if it had to end at once; Reading, with the run
    left as it is, while a document that came with the question is not read yet: ask again a little later.

    The asker's membership is read again: who lost it since asking gets no answer.
    """
    with use_tenant(organization_id), within("run_id", run_id):
        asked = asked_by(run_id)
        if asked is not None and asked.waits_for:
            return Reading(asked.waits_for)
        if not begin_answer(run_id):
            return None  # it waits in the queue; the sweep announces it again
        try:
            begun = _taken(run_id, owner, asked)
        except BaseException:
            end_answer(run_id)
            raise
        return _admitted(begun.plan()) if isinstance(begun, _Begun) else begun


def _taken(run_id: uuid.UUID, owner: str, asked: Asked | None) -> _Begun | Outcome | None:
    from_main = heritage()  # before the transaction: the companion may be in another database
    shared = shared_with(asked, from_main)
    with tenant_atomic():
        begun = _begin(run_id, owner, from_main, shared)
    if begun is None and not Run.objects.filter(id=run_id, state__in=Run.LIVE).exists():
        end_answer(run_id)  # it is over
    return begun


def _admitted(plan: RunPlan) -> RunPlan | Outcome:
    try:
        return admitted(plan)
    except OverBudget as refusal:
        return _unasked(refusal.code)


def admitted(plan: RunPlan) -> RunPlan:
    """The plan with room in every budget; where it raises, as OverBudget, the run has ended."""
    try:
        return held(plan)
    except Exception as refusal:
        finish_run(plan, _unasked(refusal.code if isinstance(refusal, OverBudget) else "error"))
        raise


def _unasked(code: str) -> Outcome:
    """No model was asked."""
    return Outcome(state=Run.State.FAILED, error=code, input_tokens=0, output_tokens=0)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run that was taken: its plan still without tools, and what it is made of."""

    bare: RunPlan
    companion: Companion
    said: list[Message]

    def plan(self) -> RunPlan:
        return equipped(self.bare, self.companion, self.said, confirming=True)


def _begin(run_id: uuid.UUID, owner: str, from_main: Heritage, shared: Shared) -> _Begun | Outcome | None:
    run = _claim(run_id, owner)
    if run is None:
        return None
    member = _asker(run.chat)
    if member is None:
        return _refuse(run, "not_a_member")
    try:
        return _plan(run, member, from_main, shared)
    except EndpointError as error:
        return _refuse(run, error.code)


def _refuse(run: Run, code: str) -> Outcome:
    outcome = Outcome(state=Run.State.FAILED, error=code)
    run.save(update_fields=["state", "owner", "started_at", "heartbeat_at"])
    _close(run.id, run.message_id, outcome)
    on_tenant_commit(lambda: end_answer(run.id))
    return outcome


def _claim(run_id: uuid.UUID, owner: str) -> Run | None:
    queued = Run.objects.filter(id=run_id, state=Run.State.QUEUED)
    run = locked(queued, "chat__companion", skip_locked=True).first()
    if run is None:
        return None
    run.state, run.owner = Run.State.STREAMING, owner
    run.started_at = run.heartbeat_at = timezone.now()
    Message.objects.filter(id=run.message_id).update(state=Message.State.STREAMING)
    return run


def _asker(chat: Chat) -> Membership | None:
    rows = Membership.objects.select_related("user", "organization")
    member = rows.filter(organization_id=chat.organization_id, user_id=chat.owner_id).first()
    return member if member is not None and may_enter(member) else None


def _plan(run: Run, member: Membership, from_main: Heritage, shared: Shared) -> _Begun:
    companion = run.chat.companion
    tuning = tuning_for(companion, chosen=run.chat.model)
    endpoint = tuning.endpoint
    shared = shared.within(room_for_knowledge(endpoint))
    prompt = with_project(prepare_prompt(companion, from_main), run.chat, companion, member)
    prompt = with_shared(prompt, shared, companion.language)
    send(prompt.keeping())
    note_uses(shared, run_id=run.id, companion_id=companion.id, member_id=member.id)
    give_sources(run.message_id, shared.passages)
    branch = ancestry(run.chat_id, run.message_id)[:-1]
    said = told_again(without_numbers(may_be_told(branch, prompt.guard)))
    if branch[-1].role == Message.Role.COMPANION:
        said.append(going_on(companion.language))
    provenance = tuning.provenance(prompt.provenance)
    mark_prepared(run, endpoint, prompt.digest, provenance)
    plan = RunPlan(
        context=current_tenant(),
        actor=actor_for(member),
        run_id=run.id,
        message_id=run.message_id,
        chat_id=run.chat_id,
        companion_id=companion.id,
        companion_slug=companion.slug,
        member_id=member.id,
        team_id=member.team_id,
        endpoint=endpoint,
        request=request_for(prompt.text, turns_of(said), endpoint, **tuning.wishes),
        answer_seconds=tuning.seconds,
        makes_title=not run.chat.title_by_person and len(branch) == 1,
        guard=prompt.guard,
        question=question_in(branch),
        judge=judge_for(prompt.guard),
        language=member.user.language,
        provenance=provenance,
        sources=shared.passages,
    )
    return _Begun(plan, companion, said)


def actor_for(member: Membership) -> Actor:
    return Actor(kind="user", label=str(member.user), user_id=member.user_id, membership_id=member.id)


def mark_prepared(run: Run, endpoint: ModelCard, digest: str, provenance: Mapping[str, Any]) -> None:
    """Remember what this answer is made with."""
    run.endpoint, run.model = endpoint.name, endpoint.model
    run.prompt_digest, run.provenance = digest, dict(provenance)
    run.save()


def checkpoint(plan: RunPlan, text: str, parts: Sequence[Mapping[str, Any]] = ()) -> None:
    """Keep what is written so far: a killed process loses a few seconds at most."""
    said = {"text": text, "parts": list(parts)} if parts else {"text": text}
    with use_tenant(plan.context), tenant_atomic():
        send(
            update(Message, said, id=plan.message_id, state=Message.State.STREAMING),
            update(Run, {"heartbeat_at": timezone.now()}, id=plan.run_id),
        )


def finish_run(plan: RunPlan, outcome: Outcome) -> None:
    """The answer, its usage, its line in the trail and what follows from it, in one transaction."""
    with use_tenant(plan.context), acting_as(plan.actor), tenant_atomic():
        answered = gateway.answered_by(plan.endpoint, outcome.answered_by)
        cites = keep_cited(plan.message_id, outcome.whole_text, len(plan.sources))
        provenance = _provenance(plan, outcome, cites)
        settle_answer(plan, answered, outcome)
        on_tenant_commit(lambda: end_answer(plan.run_id))
        if not _close(plan.run_id, plan.message_id, outcome, answered, provenance):
            return
        price = priced(answered, outcome)
        send(
            *_usage(plan, outcome, answered, price),
            insert(_interaction(plan, outcome)),
            *_words(plan, outcome),
        )
        note_judging(plan.companion_id, plan.member_id, plan.judge, outcome.judged, plan.team_id)
        record_trail(
            action="chats.answer." + outcome.state,
            resource_type="message",
            resource_id=plan.message_id,
            payload={
                "chat": plan.chat_id,
                "companion": plan.companion_slug,
                "run": plan.run_id,
                "endpoint": answered.name,
                "model": answered.model,
                "error": outcome.error,
                "priced_by": f"{price.source} {price.version}".strip() if price else None,
                **_switch(plan, outcome),
            },
        )
        place = {"run": plan.run_id, "chat": plan.chat_id, "companion": plan.companion_slug}
        note_findings(outcome.findings, place)
        if plan.makes_title and outcome.state == Run.State.DONE:
            enqueue_on_commit(TITLE_TASK, chat_id=plan.chat_id)


def _usage(
    plan: RunPlan, outcome: Outcome, answered: ModelCard, price: Price | None
) -> tuple[Statement, ...]:
    """Its lines in the ledger; an estimate where a cut stream left no count."""
    guess = estimated(outcome, plan.request)
    return usage_lines(
        plan.companion_id, plan.member_id, answered, outcome, price, plan.run_id,
        team_id=plan.team_id, guess=use_of(answered, guess) if guess else None,
    )  # fmt: skip


def _words(plan: RunPlan, outcome: Outcome) -> tuple[Statement, ...]:
    """For the search in chats; what programs ask is not looked for by people."""
    if plan.door != Interaction.Kind.CHAT or plan.actor.user_id is None:
        return ()
    return of_answer(plan.message_id, plan.chat_id, plan.actor.user_id, timezone.now(), outcome.whole_text)


def _provenance(plan: RunPlan, outcome: Outcome, cites: Cited) -> dict[str, Any] | None:
    """What was kept when it began, with what came to it; None where nothing did."""
    if not outcome.findings and not plan.tools and not plan.sources:
        return None
    told = {**plan.provenance, **kept(outcome.findings)}
    if plan.sources:
        told["cited"] = {"numbers": list(cites.numbers), "unknown": cites.unknown}
    if plan.tools:
        used = [{"name": one.name, "outcome": one.state} for one in outcome.steps.values()]
        told["tools"] = {**told["tools"], "used": used}
    return told


def note_findings(findings: Iterable[Finding], place: Mapping[str, Any]) -> None:
    """What policies found, a line in the trail each: which check acted, never on which words."""
    for one in findings:
        stamp = one.stamp()
        told = {name: stamp[name] for name in ("version", "check", "kind", "stage", "mode", "what")}
        action = "companions.policy.blocked" if one.blocks else "companions.policy.noted"
        record_trail(
            action=action, resource_type="policy", resource_id=one.rule.policy_id, payload={**told, **place}
        )


def end_unowned(*, run_id: uuid.UUID, state: str, error: str = "", said: str = "") -> bool:
    """End a live run that no process works on; False if it is over, or its owner lives.

    Judged on the locked row: between a look and the end a runner may have taken it. Interrupted
    with nothing written counts as failed. `said` is what readers were shown, where that is still known.
    """
    with tenant_atomic():
        run = locked(Run.objects.filter(id=run_id), "message", "chat").first()
        if run is None or run.state not in Run.LIVE or owner_lives(run.owner):
            return False
        text = said if said.startswith(run.message.text) else run.message.text
        if state == Run.State.INTERRUPTED and not text:
            state = Run.State.FAILED
        outcome = Outcome(state=state, error=error, text=[text])
        _close(run.id, run.message_id, outcome)
        on_tenant_commit(lambda: end_answer(run_id))
        by_person = run.chat.origin == Chat.Origin.APP
        words = of_answer(run.message_id, run.chat_id, run.chat.owner_id, timezone.now(), text)
        if words and by_person:
            send(*words)
        run.message.text = text
        keep_cited_of(run.message)
        record_trail(
            action="chats.answer." + state,
            resource_type="message",
            resource_id=run.message_id,
            payload={"run": run.id},
        )
    return True


def owner_lives(owner: str) -> bool:
    return bool(owner) and signals.alive(owner)


def _switch(plan: RunPlan, outcome: Outcome) -> dict[str, str]:
    """For the trail: what should have answered, and why it did not."""
    return {"instead_of": plan.endpoint.name, "why": outcome.why} if outcome.answered_by else {}


def _close(
    run_id: uuid.UUID,
    message_id: uuid.UUID,
    outcome: Outcome,
    answered: ModelCard | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> bool:
    """Write the end once; False if it is written already, when neither row is live any more."""
    end = {"state": outcome.state, "error": outcome.error, "ended_at": timezone.now()}
    if answered is not None:
        end |= {"endpoint": answered.name, "model": answered.model}
    if provenance is not None:
        end["provenance"] = provenance
    said: dict[str, Any] = {"state": outcome.state, "text": outcome.whole_text}
    if outcome.parts:
        said["parts"] = outcome.parts
    closed, _message = send(
        update(Run, end, id=run_id, state=sorted(Run.LIVE)),
        update(Message, said, id=message_id, state=sorted(Message.LIVE)),
    )
    return changed(closed) == 1


def _interaction(plan: RunPlan, outcome: Outcome) -> Interaction:
    """A question and its answer, for those who look at what companions do."""
    now = timezone.now()
    return interaction(
        plan.door,
        companion_id=plan.companion_id,
        member_id=plan.member_id,
        subject_id=plan.run_id,
        session_id=plan.chat_id,
        outcome=outcome.state,
        count=2,
        began_at=now - timedelta(milliseconds=(outcome.total_ms or 0) + outcome.waited_ms),
        ended_at=now,
    )
