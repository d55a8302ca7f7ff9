"""What every floor may know of the outside world: types only, no network, no rows.

endpoint     EndpointSpec, Health, the codes of failures: the same for every kind
fields       what a type of endpoint asks for: Field, TypeSpec
llm          models: a question, the events of an answer
"""

from __future__ import annotations

from byoc.contracts.endpoint import EndpointSpec, Failure, Health, Kind
from byoc.contracts.fields import Field, TypeSpec
from byoc.contracts.llm import (
    Answer,
    ChatMessage,
    ChatRequest,
    End,
    Event,
    LLMAdapter,
    ModelCard,
    Reason,
    Role,
    TextDelta,
    ToolCall,
    Usage,
    Waiting,
)

__all__ = [
    "Answer",
    "ChatMessage",
    "ChatRequest",
    "End",
    "EndpointSpec",
    "Event",
    "Failure",
    "Field",
    "Health",
    "Kind",
    "LLMAdapter",
    "ModelCard",
    "Reason",
    "Role",
    "TextDelta",
    "ToolCall",
    "TypeSpec",
    "Usage",
    "Waiting",
]
