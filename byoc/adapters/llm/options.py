"""What an endpoint for models may be told beyond its address and key."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from byoc.contracts import ChatRequest, EndpointSpec
from humana.kernel.errors import Misconfigured


class LLMOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times are seconds of wall clock; `EndpointSpec.options` with these names override."""

    connect_seconds: float = 5.0
    first_seconds: float = 60.0  # of silence before the first event of the answer
    idle_seconds: float = 30.0  # of silence after it; any whole line breaks a silence
    total_seconds: float = 300.0  # for the whole answer, however lively
    max_event_bytes: int = 1024 * 1024
    max_bytes: int = 32 * 1024 * 1024

    attempts: int = 3  # in all, and only before the first event
    retry_seconds: float = 15.0  # no new attempt later than this after the first
    places: int | None = None  # answers at the same time from this process; None is no limit
    queue_seconds: float = 120.0  # how long a request may wait for a place

    #: OpenAI's newer models refuse the first name, most other servers know only that.
    tokens_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_usage: bool = True  # ask for usage in the stream; some servers refuse the question
    accepts_temperature: bool = True
    temperature: float | None = None  # when the request says nothing
    extra_body: dict[str, Any] = {}
    headers: dict[str, str] = {}

    def temperature_for(self, request: ChatRequest) -> float | None:
        if not self.accepts_temperature:
            return None
        return self.temperature if request.temperature is None else request.temperature


def read_options(spec: EndpointSpec) -> LLMOptions:
    """Raises Misconfigured for an unknown name or a value of the wrong type."""
    try:
        return msgspec.convert(dict(spec.options), LLMOptions)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"The options of the endpoint {spec.name!r}: {error}") from None


def max_tokens_for(request: ChatRequest, spec: EndpointSpec) -> int | None:
    """The smaller of what is asked and what the endpoint allows; None when neither says."""
    asked = [limit for limit in (request.max_tokens, spec.max_output_tokens) if limit]
    return min(asked, default=None)
