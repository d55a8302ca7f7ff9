"""What every floor may know of a model: the question, and the events of the answer.

    ChatRequest       what is asked, and the tools that the model may ask for
    Event             what a stream yields:
        Waiting         the endpoint is busy; the request stands in its queue
        Switched        another endpoint is asked; only before the first word
        TextDelta       a piece of the answer
        ToolCall        a whole call, arguments complete
        Usage           tokens as the provider counted them; at most once
        End             why it stopped; exactly once and last
    EndpointError     what a stream raises instead of `End` (humana.kernel.errors)

One type of event for every provider. The structs are immutable and outside the garbage collector:
a stream makes thousands of them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from byoc.contracts.endpoint import EndpointSpec, Health

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
Reason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]


class ToolCall(msgspec.Struct, frozen=True, gc=False, tag="tool_call"):
    """A call the model asks for. `arguments` is JSON as the model wrote it: validate it.

    `signature` is the provider's own, empty for most: give the call back as it came.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn. Several `system` messages are allowed; they are told to the model in order.

    `tool_calls` are what an `assistant` turn asked for. The turn that follows it for each of them is of
    role "tool": `tool_call_id` says which call, `text` what came of it.
    """

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that the model may ask for. `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked. `None` leaves the choice to the endpoint.

    `max_tokens` is cut to the endpoint's own limit. `temperature` is dropped in silence where the
    model takes none. `tool_choice` is "auto", "none", "required" or a tool's name; `tools` are refused
    ("bad_request") where the model has none. `extra` goes into the request's body as it is (seed, …).
    """

    messages: tuple[ChatMessage, ...]
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"


class Waiting(msgspec.Struct, frozen=True, gc=False, tag="waiting"):
    """All of the endpoint's places are taken. `ahead` requests of this process wait before us."""

    ahead: int = 0


class Switched(msgspec.Struct, frozen=True, gc=False, tag="switched"):
    """`before` did not serve, so `now` is asked. Names of endpoints; `model` is that of the new one, `why` a
    `Failure`."""

    before: str
    now: str
    model: str
    why: str


class TextDelta(msgspec.Struct, frozen=True, gc=False, tag="text"):
    """A piece of the answer, never empty, never with NUL (PostgreSQL cannot store it).

    All pieces that arrived in one network read come as one.
    """

    text: str


class Usage(msgspec.Struct, frozen=True, gc=False, tag="usage"):
    """Tokens counted by the provider. `input_tokens` includes `cached_tokens`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


class End(msgspec.Struct, frozen=True, gc=False, tag="end"):
    """The answer is complete. "length" means that it hit a limit of tokens."""

    reason: Reason = "stop"


Event: TypeAlias = Waiting | Switched | TextDelta | ToolCall | Usage | End


@dataclass(frozen=True, slots=True)
class Answer:
    """A stream folded into one value. `usage` is None when the provider gave none."""

    text: str
    reason: Reason
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None


TokensParameter: TypeAlias = Literal["max_tokens", "max_completion_tokens"]


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model can do, as far as anybody knows. An endpoint's `models` say it of its own.

    `base` is the well-known model behind a name of the customer's own (a deployment on Azure):
    abilities and prices are those of the base.
    """

    name: str
    base: str = ""
    tools: bool = True
    vision: bool = False
    max_output_tokens: int | None = None
    context_tokens: int | None = None
    accepts_temperature: bool = True
    tokens_parameter: TokensParameter = "max_tokens"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a page may say about an endpoint: no address, no key.

    `route` is for the gateway alone: the endpoint, then those that stand in for it, as they were when it
    was chosen. `type` is that of its adapter. `priced_as` is the well-known model whose price it has,
    `prices` the endpoint's own table (see `byoc.pricing`).
    """

    name: str
    model: str
    builtin: bool
    owner: str
    max_output_tokens: int | None
    context_tokens: int | None
    route: tuple[EndpointSpec, ...] = field(default=(), repr=False, compare=False)
    #: Who asks: "platform", or an organization's id.
    asker: str = field(default="platform", repr=False, compare=False)
    type: str = ""
    tools: bool = False
    vision: bool = False
    priced_as: str = ""
    prices: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Limiter(Protocol):
    """Counts what goes to an endpoint, wherever it is asked from. Rates are per minute; None is no limit."""

    async def take(self, key: str, *, requests: int | None, tokens: int | None, size: int) -> float:
        """0.0 when a request of about `size` tokens may go now, and is counted; else seconds to wait."""
        ...

    async def settle(self, key: str, *, tokens: int | None, difference: int) -> None:
        """Count `difference` tokens more (or fewer) than `take` was told."""
        ...


class LLMAdapter(Protocol):
    """A language model behind an endpoint. Wrappers (retries, a queue) are adapters themselves.

    One adapter serves every event loop of the process; network clients are made per loop at the
    first request and kept until `close`.
    """

    @property
    def spec(self) -> EndpointSpec: ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Ask and yield events as they arrive. Raises EndpointError.

        The connection is closed as soon as the consumer is cancelled or calls `aclose()`. A bare
        `break` leaves that to the garbage collector: use `contextlib.aclosing`.
        """
        ...

    async def generate(self, request: ChatRequest) -> Answer:
        """The same answer in one piece: `stream`, folded."""
        ...

    async def health(self) -> Health:
        """Probe the endpoint without spending tokens. Never raises."""
        ...

    async def models(self) -> tuple[ModelInfo, ...]:
        """What the endpoint says it offers; empty where its protocol cannot say. Raises EndpointError."""
        ...

    async def close(self) -> None:
        """Close the clients of the running loop; the adapter may be used again afterwards."""
        ...
