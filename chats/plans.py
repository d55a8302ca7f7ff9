"""What a run needs once its transaction is closed: a frozen plan, no rows, no connection."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from byoc.contracts import ChatMessage, ChatRequest, ModelCard, Usage
from chats.models import Message
from chats.steps import Step
from chats.tool_limits import ToolLimits
from companions.checks import Finding, Guard
from companions.models import Interaction
from companions.services.tooling import Offered
from humana.kernel.actor import Actor
from tenants.context import TenantContext

#: Characters that one token stands for at the very least; a safe estimate for both languages.
CHARACTERS_PER_TOKEN = 3
#: Tokens kept free for an answer where the endpoint names no limit of its own.
ANSWER_TOKENS = 1024
#: Tokens of context where the endpoint does not say.
CONTEXT_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One answer to make: who asks, in which organization, what is sent to which endpoint.

    `guard` is what policies enforce, `question` the text it looks at, `judge` the model that recognizes
    topics, None where there is none; `language` is that of the person, `provenance` what the run keeps,
    `door` what kind of interaction it is. `tools` are those the model is told of, within `limits`.
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

    @property
    def whole_text(self) -> str:
        return "".join(self.text)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """What the message keeps beside its text."""
        return [one.part() for one in self.steps.values()]

    def count(self, usage: Usage) -> None:
        """What one turn of the model used; all turns of an answer add up."""
        self.input_tokens = (self.input_tokens or 0) + usage.input_tokens
        self.output_tokens = (self.output_tokens or 0) + usage.output_tokens
        self.cached_tokens = (self.cached_tokens or 0) + usage.cached_tokens


def conversation(
    system: str, turns: Sequence[tuple[str, str]], endpoint: ModelCard
) -> tuple[ChatMessage, ...]:
    """System prompt and as many of the latest turns as the endpoint's context holds.

    The last turn always goes along whole: what is too long for the model must fail in its words,
    not be cut in silence. A conversation never starts with an answer.
    """
    room = room_of(endpoint) - len(system)
    kept: list[ChatMessage] = []
    for role, text in reversed(turns):
        room -= len(text)
        if kept and room < 0:
            break
        kept.append(ChatMessage("user" if role == Message.Role.PERSON else "assistant", text))
    while len(kept) > 1 and kept[-1].role == "assistant":
        kept.pop()
    start = [ChatMessage("system", system)] if system else []
    return (*start, *reversed(kept))


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
    """The messages that these turns are of."""
    return [message for message in branch if message.text.strip() and _said(message)]


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
