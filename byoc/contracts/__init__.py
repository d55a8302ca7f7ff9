"""What every floor may know of the outside world: types only, no network, no rows.

endpoint     EndpointSpec, Health, the codes of failures: the same for every kind
database     databases: whether they serve, and how to work in them
fields       what a type of endpoint asks for: Field, TypeSpec
identity     sign-in and directories: whether they could serve
llm          models: a question, the events of an answer
embedding    models that turn texts into vectors
monitoring   a customer's monitoring: numbers, events, alerts, telemetry
findings     what a look at an endpoint found
storage      files: what goes in and out under a name
"""

from __future__ import annotations

from byoc.contracts.database import DatabaseAdapter, DatabaseState, PoolState
from byoc.contracts.embedding import EmbeddingAdapter, Embeddings, TextKind
from byoc.contracts.endpoint import EndpointSpec, Failure, Health, Kind
from byoc.contracts.fields import Field, TypeSpec
from byoc.contracts.findings import Finding, health_of
from byoc.contracts.identity import IdentityAdapter
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
from byoc.contracts.storage import PURPOSES, Content, Item, Purpose, StorageAdapter, Stored

__all__ = [
    "PURPOSES",
    "Answer",
    "ChatMessage",
    "ChatRequest",
    "Content",
    "DatabaseAdapter",
    "DatabaseState",
    "Destination",
    "EmbeddingAdapter",
    "Embeddings",
    "End",
    "EndpointSpec",
    "Event",
    "Failure",
    "Field",
    "Finding",
    "Health",
    "IdentityAdapter",
    "Item",
    "Kind",
    "LLMAdapter",
    "Limiter",
    "MetricKind",
    "ModelCard",
    "ModelInfo",
    "MonitoringAdapter",
    "PoolState",
    "Purpose",
    "Reason",
    "Role",
    "Severity",
    "Signal",
    "StorageAdapter",
    "Stored",
    "Switched",
    "TextDelta",
    "TextKind",
    "TokensParameter",
    "ToolCall",
    "ToolSpec",
    "TypeSpec",
    "Usage",
    "Waiting",
    "health_of",
]
