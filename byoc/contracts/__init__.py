"""What every floor may know of the outside world: types only, no network, no rows.

endpoint     EndpointSpec, Health, the codes of failures: the same for every kind
fields       what a type of endpoint asks for: Field, TypeSpec
llm          models: a question, the events of an answer
embedding    models that turn texts into vectors
monitoring   a customer's monitoring: numbers, events, alerts, telemetry
"""

from __future__ import annotations

from byoc.contracts.embedding import EmbeddingAdapter, Embeddings, TextKind
from byoc.contracts.endpoint import EndpointSpec, Failure, Health, Kind
from byoc.contracts.fields import Field, TypeSpec
from byoc.contracts.llm import (
    Answer,
    ChatMessage,
    ChatRequest,
    End,
    Event,
    Limiter,
    LLMAdapter,
    ModelCard,
    ModelInfo,
    Reason,
    Role,
    Switched,
    TextDelta,
    TokensParameter,
    ToolCall,
    ToolSpec,
    Usage,
    Waiting,
)
from byoc.contracts.monitoring import Destination, MetricKind, MonitoringAdapter, Severity, Signal

__all__ = [
    "Answer",
    "ChatMessage",
    "ChatRequest",
    "Destination",
    "EmbeddingAdapter",
    "Embeddings",
    "End",
    "EndpointSpec",
    "Event",
    "Failure",
    "Field",
    "Health",
    "Kind",
    "LLMAdapter",
    "Limiter",
    "MetricKind",
    "ModelCard",
    "ModelInfo",
    "MonitoringAdapter",
    "Reason",
    "Role",
    "Severity",
    "Signal",
    "Switched",
    "TextDelta",
    "TextKind",
    "TokensParameter",
    "ToolCall",
    "ToolSpec",
    "TypeSpec",
    "Usage",
    "Waiting",
]
