"""What an answer may use at worst, reserved before its model is asked, and what it used, settled once.

    plan = held(plan)                   its request says how long the answer may be; raises OverBudget
    settle_answer(plan, outcome)        in the transaction that ends it

Where no budget applies nothing is asked of anybody. Where little is left, a shorter answer is tried.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from audit.budgeting import applying
from audit.services.budgets import OverBudget, Reserved, Use, Whose, Worst, reserve, reserve_more, settle
from audit.tokens import tokens_of
from byoc import gateway
from byoc.contracts import ChatMessage, ChatRequest, ModelCard, ToolSpec, Usage
from byoc.pricing import CURRENCY, price_of
from chats.plans import Outcome, RunPlan
from chats.signals import beating, process_owner
from humana.kernel.errors import EndpointError

#: Tokens that a message costs beside its text, and a request beside its messages.
MESSAGE_TOKENS, REQUEST_TOKENS = 8, 32
#: How long an answer may be where neither the request nor the endpoint says it and a budget must hold.
USUAL_ANSWER = 4_096
#: A shorter answer than this is not worth having.
LEAST_ANSWER = 200
#: What the judge may say of a part of a text, and what it is told beside it.
JUDGE_SAYS, JUDGE_TOLD = 400, 700
#: A reservation outlives its answer by this at most, in seconds.
GRACE = 900


@dataclass(frozen=True, slots=True)
class Asking:
    """One request to a model for which room is needed. `judge` looks at `question` and at what it says."""

    run_id: uuid.UUID
    whose: Whose
    request: ChatRequest
    endpoint: ModelCard
    judge: ModelCard | None = None
    question: str = ""
    seconds: int = 600


def held(plan: RunPlan) -> RunPlan:
    """The plan with its worst case reserved. Raises OverBudget, with nothing reserved."""
    asking = Asking(
        plan.run_id,
        whose(plan),
        plan.request,
        plan.endpoint,
        plan.judge,
        plan.question,
        plan.answer_seconds + plan.limits.seconds + plan.limits.consent_seconds,
    )
    reserved, request = hold(asking)
    return plan if reserved is None else replace(plan, reserved=reserved, request=request)


def whose(plan: RunPlan) -> Whose:
    return Whose(plan.member_id, plan.team_id, plan.companion_id)


def hold(asking: Asking) -> tuple[Reserved | None, ChatRequest]:
    """Room for this request, and the request as it may be made. Raises OverBudget."""
    who = asking.whose
    rules = applying(member_id=who.member_id, team_id=who.team_id, companion_id=who.companion_id)
    if not rules:
        return None, asking.request
    most = longest(asking.request, asking.endpoint)
    while True:
        try:
            reserved = _reserved(asking, most)
        except OverBudget as refusal:
            shorter = _shorter(asking, most, refusal)
            if shorter is None:
                raise
            most = shorter
            continue
        bounded = any(one.hard for one in rules)
        return reserved, replace(asking.request, max_tokens=most) if bounded else asking.request


def hold_more(plan: RunPlan, request: ChatRequest) -> None:
    """Room for another turn of an answer with tools; EndpointError ends it where there is none."""
    if plan.reserved is None:
        return
    most = longest(request, plan.endpoint)
    try:
        reserve_more(plan.reserved, worst=(_uses(request, plan.endpoint, most),))
    except OverBudget as refusal:
        raise EndpointError(str(refusal), permanent=True, code=refusal.code) from None


@dataclass(slots=True)
class Room:
    """What is reserved for a request that belongs to no run, and the request as it may be made."""

    request: ChatRequest
    reserved: Reserved | None = None

    def settle(self, uses: Sequence[Use]) -> None:
        """In the transaction that writes the use down."""
        settle(self.reserved, uses)
        self.reserved = None


@contextmanager
def room_for(asking: Asking) -> Iterator[Room]:
    """A block that asks a model for it; given back at its end where nobody settled. Raises OverBudget."""
    who = asking.whose
    if not applying(member_id=who.member_id, team_id=who.team_id, companion_id=who.companion_id):
        yield Room(asking.request)
        return
    with beating():
        reserved, request = hold(asking)
        room = Room(request, reserved)
        try:
            yield room
        finally:
            room.settle(())


def settle_answer(plan: RunPlan, answered: ModelCard, outcome: Outcome) -> None:
    """Count what the provider says was used; our estimate where a cut stream left no count."""
    if plan.reserved is None:
        return
    settle(plan.reserved, used(answered, outcome, plan.request, plan.judge, plan.question))


def used(
    answered: ModelCard,
    outcome: Outcome,
    request: ChatRequest,
    judge: ModelCard | None = None,
    question: str = "",
) -> list[Use]:
    """By the model and by the judge of topics; nothing where no model said anything."""
    found = []
    if usage := counted(outcome) or estimated(outcome, request):
        found.append(use_of(answered, usage))
    if judge is not None:
        texts = [question, outcome.whole_text]
        found += [use_of(judge, one or _judging(texts)) for one in outcome.judged]
    return found


def counted(outcome: Outcome) -> Usage | None:
    """As the provider counted it."""
    if outcome.input_tokens is None:
        return None
    return Usage(outcome.input_tokens, outcome.output_tokens or 0, outcome.cached_tokens or 0)


def estimated(outcome: Outcome, request: ChatRequest) -> Usage | None:
    """What a model probably used that said something and did not say how much it was."""
    if outcome.input_tokens is not None or not (outcome.text or outcome.steps):
        return None
    return Usage(tokens_in(request), tokens_of(outcome.whole_text))


def use_of(card: ModelCard, usage: Usage) -> Use:
    price = price_of(card, usage)
    tokens = usage.input_tokens + usage.output_tokens
    return Use(tokens, price.amount if price else None, price.currency if price else CURRENCY)


def longest(request: ChatRequest, endpoint: ModelCard) -> int:
    """Tokens that the answer has at most."""
    limits = [one for one in (request.max_tokens, endpoint.max_output_tokens) if one]
    return min(limits, default=USUAL_ANSWER)


def tokens_in(request: ChatRequest) -> int:
    """At most, for the whole request."""
    messages = sum(_message(one) for one in request.messages)
    return messages + sum(_tool(one) for one in request.tools) + REQUEST_TOKENS


def _message(one: ChatMessage) -> int:
    calls = sum(tokens_of(call.name) + tokens_of(call.arguments) for call in one.tool_calls)
    return tokens_of(one.text) + calls + MESSAGE_TOKENS


def _tool(one: ToolSpec) -> int:
    schema = json.dumps(one.parameters, default=str, ensure_ascii=False)
    return tokens_of(one.name) + tokens_of(one.description) + tokens_of(schema) + MESSAGE_TOKENS


def _reserved(asking: Asking, most: int) -> Reserved | None:
    return reserve(
        run_id=asking.run_id,
        owner=process_owner(),
        seconds=asking.seconds + GRACE,
        whose=asking.whose,
        worst=_worst(asking, most),
    )


def _worst(asking: Asking, most: int) -> Worst:
    parts: list[Sequence[Use]] = [_uses(asking.request, asking.endpoint, most)]
    if asking.judge is not None:
        said = Usage(tokens_of(asking.question) + most + 2 * JUDGE_TOLD, 2 * JUDGE_SAYS)
        parts.append(_each(asking.judge, said))
    return parts


def _uses(request: ChatRequest, endpoint: ModelCard, most: int) -> list[Use]:
    return _each(endpoint, Usage(tokens_in(request), most))


def _each(card: ModelCard, usage: Usage) -> list[Use]:
    """Of whatever may answer: the endpoint, and what stands in for it."""
    cards = [gateway.answered_by(card, one.name) for one in card.route] or [card]
    return [use_of(one, usage) for one in cards]


def _judging(texts: Sequence[str]) -> Usage:
    return Usage(max(map(tokens_of, texts)) + JUDGE_TOLD, JUDGE_SAYS)


def _shorter(asking: Asking, most: int, refusal: OverBudget) -> int | None:
    """How long an answer may be in what is left of the short budget; None where that is too little."""
    rule = refusal.rule
    while rule is not None and most // 2 >= LEAST_ANSWER:
        most //= 2
        parts = [[one.counted_in(rule) or 0 for one in part] for part in _worst(asking, most)]
        if sum(max(part) for part in parts) <= refusal.left:
            return most
    return None
