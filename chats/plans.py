"""What a run needs once its transaction is closed: a frozen plan, no rows, no connection."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from audit.services.budgets import Reserved
from audit.tokens import CHARACTERS_PER_TOKEN
from byoc.contracts import ChatMessage, ChatRequest, ModelCard, ToolCall, Usage
from chats.keeping import Kept
from chats.models import Message
from chats.steps import Step
from chats.tool_limits import ToolLimits
from companions.checks import Finding, Guard
from companions.models import Interaction
from companions.references import Given
from companions.services.tooling import Offered
from humana.kernel.actor import Actor
from tenants.context import TenantContext

#: Tokens kept free for an answer where the endpoint names no limit of its own.
ANSWER_TOKENS = 1024
#: Tokens of context where the endpoint does not say.
CONTEXT_TOKENS = 8192
_GO_ON = {
    "pt-br": "A sua última resposta foi interrompida. Continue exatamente de onde parou, na mesma língua e no"
    " mesmo formato, sem repetir nem comentar o que já foi escrito.",
    "en": "Your last answer was cut off. Go on exactly where it stopped, in the same language and format,"
    " without repeating or commenting on what is written already.",
}


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One answer to make: who asks, in which organization, what is sent to which endpoint.

    `guard` is what policies enforce, `question` the text it looks at, `judge` the model that recognizes
    topics, None where there is none; `language` is that of the person, `provenance` what the run keeps,
    `door` what kind of interaction it is. `tools` are those the model is told of, within `limits`;
    `sources` the passages in its prompt, numbered from 1. Where
    `passes` is set the request's tools are the client's own: calls of them are handed to it, `handed` of them
    at most, and `given` are the uses whose results came with the question. `kept` is what the message keeps
    for the program that asked, None where it wants nothing kept.
    """

    context: TenantContext
    actor: Actor
    run_id: uuid.UUID
    message_id: uuid.UUID
    chat_id: uuid.UUID
    companion_id: uuid.UUID
    companion_slug: str
    member_id: uuid.UUID
    endpoint: ModelCard
    request: ChatRequest
    makes_title: bool = False
    answer_seconds: int = 600
    guard: Guard = field(default_factory=Guard)
    question: str = ""
    judge: ModelCard | None = None
    language: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Offered, ...] = ()
    limits: ToolLimits = field(default_factory=ToolLimits)
    door: str = Interaction.Kind.CHAT
    sources: tuple[Given, ...] = ()
    team_id: uuid.UUID | None = None  # the member's, when it was asked
    reserved: Reserved | None = field(default=None, compare=False)  # in budgets; None where none applies
    passes: bool = False
    handed: int | None = None
    given: tuple[Step, ...] = ()
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """There is no plan yet: the document of this name came with the question and is still being read."""

    name: str


@dataclass(slots=True)
class Outcome:
    """What came of it, as far as it came. `state` is a Run.State; times in milliseconds."""

    state: str = "streaming"
    text: list[str] = field(default_factory=list)
    error: str = ""
    reason: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    first_token_ms: int | None = None
    total_ms: int | None = None
    waited_ms: int = 0  # for the person whom a tool asked; not in the total
    answered_by: str = ""  # the endpoint that stood in, and why the first one did not answer
    why: str = ""
    findings: list[Finding] = field(default_factory=list)
    judged: list[Usage | None] = field(default_factory=list)  # what the judge used, each time it was asked
    steps: dict[str, Step] = field(default_factory=dict)  # uses of tools, by call, in order
    kept: Kept | None = None  # for the program that asked
    calls: list[ToolCall] = field(default_factory=list)  # those that it was handed

    @property
    def whole_text(self) -> str:
        return "".join(self.text)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """What the message keeps beside its text."""
        kept = [self._kept(self.kept).part()] if self.kept is not None else []
        return [*kept, *(one.part() for one in self.steps.values())]

    @property
    def usage(self) -> tuple[int, int, int] | None:
        """Tokens in, out and from a cache; None where nobody knows."""
        given, made = self.input_tokens, self.output_tokens
        return None if given is None or made is None else (given, made, self.cached_tokens or 0)

    def _kept(self, kept: Kept) -> Kept:
        ended = {"calls": tuple(self.calls), "reason": self.reason, "usage": self.usage}
        return msgspec.structs.replace(kept, **ended)

    def count(self, usage: Usage) -> None:
        """What one turn of the model used; all turns of an answer add up."""
        self.input_tokens = (self.input_tokens or 0) + usage.input_tokens
        self.output_tokens = (self.output_tokens or 0) + usage.output_tokens
        self.cached_tokens = (self.cached_tokens or 0) + usage.cached_tokens


def conversation(
    system: str, turns: Sequence[tuple[str, str]], endpoint: ModelCard
) -> tuple[ChatMessage, ...]:
    """System prompt and as many of the latest turns as the endpoint's context holds.

    See `fitted`.
    """
    said = [ChatMessage("user" if role == Message.Role.PERSON else "assistant", text) for role, text in turns]
    return fitted(system, said, endpoint)


def fitted(system: str, said: Sequence[ChatMessage], endpoint: ModelCard) -> tuple[ChatMessage, ...]:
    """The last question always goes along whole, with all that follows it: what is too long for the model
    must fail in its words, not be cut in silence. A conversation never starts with an answer.
    """
    start = [ChatMessage("system", system)] if system else []
    room, first = room_of(endpoint) - len(system), _last_question(said)
    room -= size_of(said[first:])
    for index in range(first - 1, -1, -1):
        room -= size_of([said[index]])
        if room < 0:
            break
        first = index if said[index].role == "user" else first
    return (*start, *said[first:])


def _last_question(said: Sequence[ChatMessage]) -> int:
    places = [index for index, one in enumerate(said) if one.role == "user"]
    return places[-1] if places else 0


def room_of(endpoint: ModelCard) -> int:
    """How many characters a request may have, all in all."""
    answer = endpoint.max_output_tokens or ANSWER_TOKENS
    return ((endpoint.context_tokens or CONTEXT_TOKENS) - answer) * CHARACTERS_PER_TOKEN


def room_for_knowledge(endpoint: ModelCard) -> int:
    """Characters that passages of knowledge may have: a third of what the endpoint reads."""
    return max(room_of(endpoint), 0) // 3


def size_of(messages: Iterable[ChatMessage]) -> int:
    """Characters of what is said, and of what tools are given."""
    return sum(len(one.text) + sum(len(call.arguments) for call in one.tool_calls) for one in messages)


def turns_of(branch: Sequence[Message]) -> list[tuple[str, str]]:
    """What was said, in order; failed and empty answers say nothing."""
    return [(message.role, message.text) for message in told_again(branch)]


def told_again(branch: Sequence[Message]) -> list[Message]:
    """The messages that these turns are of; what an answer was continued by belongs to it."""
    told: list[Message] = []
    for message in branch:
        if not message.text.strip() or not _said(message):
            continue
        if told and message.parent_id == told[-1].id and message.role == told[-1].role:
            told[-1] = _joined(told[-1], message)
        else:
            told.append(message)
    return told


def going_on(language: str) -> Message:
    """What a model is told, and nobody reads, when it is to go on with an answer that broke off."""
    return Message(role=Message.Role.PERSON, text=_GO_ON.get(language, _GO_ON["en"]))


def question_in(branch: Sequence[Message]) -> str:
    """What the person asked last."""
    return next((one.text for one in reversed(branch) if one.role == Message.Role.PERSON), "")


def _joined(first: Message, rest: Message) -> Message:
    """Both as one, under the id of the latter: uses of tools stand where they stood."""
    later = [{**one, "at": one["at"] + len(first.text)} if "at" in one else one for one in rest.parts]
    return Message(
        id=rest.id,
        parent_id=first.parent_id,
        role=first.role,
        state=rest.state,
        text=first.text + rest.text,
        parts=[*first.parts, *later],
    )


def _said(message: Message) -> bool:
    return message.role == Message.Role.PERSON or message.state in {
        Message.State.DONE,
        Message.State.STOPPED,
        Message.State.INTERRUPTED,
    }


def request_for(
    system: str, turns: Sequence[tuple[str, str]], endpoint: ModelCard, **wishes: Any
) -> ChatRequest:
    """The request; `wishes` are max_tokens and temperature where a client asked for some."""
    return ChatRequest(messages=conversation(system, turns, endpoint), model=endpoint.model, **wishes)
