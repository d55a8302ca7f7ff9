"""What an adapter of any kind is made from, and how it says that it is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["llm", "storage", "database", "monitoring", "identity"]
Failure: TypeAlias = Literal[
    "not_configured",  # no endpoint at all, or none of that name
    "forbidden",  # the guard of the way out refused the address
    "unreachable",  # no connection: refused, no such host, TLS
    "timeout",  # silent for too long, or not done by the deadline
    "rate_limited",  # too many requests, or the quota is used up (then permanent)
    "overloaded",  # the service failed or is too busy
    "unauthorized",  # the key is wrong or may not do this
    "not_found",  # the model, the deployment or the path is unknown there
    "bad_request",  # the service refuses what we sent
    "filtered",  # the service's filter of contents refuses the conversation
    "context_too_long",  # the conversation does not fit the model
    "cut",  # the answer broke off after it had begun
    "malformed",  # the answer is not what the protocol says
]


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """The address of one service and what opens it. Hashable; no secret shows in `repr`.

    `name` is unique among the endpoints of an owner. `type` names the adapter, `role` what it is for.
    `url` is the base that paths are put after (for models: with `/v1` where the service has it).
    `owner` is "platform" or an organization's id. `key` opens a service that asks for one word,
    `credentials` hold more (user, password, access_key, …). `options` are the adapter's own; a name it
    does not know is refused when the adapter is made. `id` and `version` are those of the row, where
    there is one.
    """

    name: str
    kind: Kind
    type: str
    url: str
    model: str = ""
    key: str = field(default="", repr=False)
    owner: str = "platform"
    builtin: bool = False
    max_output_tokens: int | None = None
    context_tokens: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    credentials: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    role: str = "primary"
    region: str = ""
    zone: str = ""
    id: str = ""
    version: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        object.__setattr__(self, "credentials", MappingProxyType(dict(self.credentials)))


@dataclass(frozen=True, slots=True)
class Health:
    """The outcome of a probe. `code` is a `Failure` or "" when all is well; seconds as float.

    `expires_at` is when what it proves itself with ends, where the probe could tell.
    """

    ok: bool
    seconds: float
    code: str = ""
    message: str = ""
    expires_at: datetime | None = None
