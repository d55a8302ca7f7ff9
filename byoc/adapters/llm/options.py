"""What an endpoint for models may be told beyond its address and key."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from byoc.contracts import ChatRequest, EndpointSpec, ModelInfo, TokensParameter
from humana.kernel.errors import Misconfigured

#: Headers that belong to the connection or to the key: nobody's own header may stand in for them.
RESERVED_HEADERS = frozenset(
    {
        "accept-encoding", "api-key", "authorization", "connection", "content-encoding", "content-length",
        "content-type", "cookie", "expect", "host", "keep-alive", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "x-api-key", "x-goog-api-key",
    }
)  # fmt: skip
SECRET_HEADER = "header:"  # noqa: S105 - how the name of a credential begins that is sent as a header
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\t]{0,4000}")
_Options = TypeVar("_Options", bound="Connecting")


class Connecting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What chats and embeddings are told alike. Seconds of wall clock."""

    connect_seconds: float = 5.0
    max_bytes: int = 32 * 1024 * 1024
    headers: dict[str, str] = {}  # sent along; secret ones are credentials named `header:<name>`
    organization: str = ""  # OpenAI's, where a key belongs to several
    project: str = ""
    api_version: str = ""  # azure and google
    checks_model: bool | None = None  # whether a probe asks for the model; None: where that is reliable
    models: list[dict[str, Any]] = []  # fields of ModelInfo that the customer knows better than we do
    prices: dict[str, Any] = {}  # see byoc.pricing


class LLMOptions(Connecting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times are seconds of wall clock; `EndpointSpec.options` with these names override."""

    first_seconds: float = 60.0  # of silence before the first event of the answer
    idle_seconds: float = 30.0  # of silence after it; any whole line breaks a silence
    total_seconds: float = 300.0  # for the whole answer, however lively
    max_event_bytes: int = 1024 * 1024

    attempts: int = 3  # in all, and only before the first event
    retry_seconds: float = 15.0  # no new attempt later than this after the first
    places: int | None = None  # answers at the same time from this process; None is no limit
    queue_seconds: float = 120.0  # how long a request may wait for a place
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None  # what is asked and what may be answered, together

    #: What the model wants is in the catalogue; these overrule it for all models of the endpoint.
    tokens_parameter: TokensParameter | None = None
    accepts_temperature: bool | None = None
    stream_usage: bool = True  # ask for usage in the stream; some servers refuse the question
    temperature: float | None = None  # when the request says nothing
    extra_body: dict[str, Any] = {}

    def temperature_for(self, request: ChatRequest, model: ModelInfo) -> float | None:
        accepts = model.accepts_temperature if self.accepts_temperature is None else self.accepts_temperature
        if not accepts:
            return None
        return self.temperature if request.temperature is None else request.temperature

    def tokens_parameter_for(self, model: ModelInfo) -> TokensParameter:
        return self.tokens_parameter or model.tokens_parameter


class EmbeddingOptions(Connecting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For an endpoint of embeddings."""

    total_seconds: float = 60.0  # for one request of up to `batch` texts
    batch: int = 64  # texts in one request
    dimensions: int | None = None  # shorter vectors, where the model can
    query_prefix: str = ""  # "query: " for models of the e5 family that do not add it themselves
    passage_prefix: str = ""
    extra_body: dict[str, Any] = {}


def read_options(spec: EndpointSpec) -> LLMOptions:
    """Raises Misconfigured for an unknown name or a value of the wrong type."""
    return _read(spec, LLMOptions)


def read_embedding_options(spec: EndpointSpec) -> EmbeddingOptions:
    """Raises Misconfigured for an unknown name or a value of the wrong type."""
    return _read(spec, EmbeddingOptions)


def headers_of(spec: EndpointSpec, options: Connecting) -> dict[str, str]:
    """The customer's own headers, secret ones too. Raises Misconfigured for one that is not theirs."""
    secret = {
        name.removeprefix(SECRET_HEADER): value
        for name, value in spec.credentials.items()
        if name.startswith(SECRET_HEADER)
    }
    found = options.headers | secret
    for name, value in found.items():
        if name.lower() in RESERVED_HEADERS:
            raise Misconfigured(f"The header {name} of {spec.name!r} is set by Humana; remove it.")
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Misconfigured(
                f"The header {name[:40]!r} of {spec.name!r} has characters no header may have."
            )
    return found


def max_tokens_for(request: ChatRequest, spec: EndpointSpec, model: ModelInfo) -> int | None:
    """The smallest of what is asked and what endpoint and model allow; None when nobody asks for less."""
    asked = [limit for limit in (request.max_tokens, spec.max_output_tokens) if limit]
    if not asked:
        return None
    return min([*asked, *([model.max_output_tokens] if model.max_output_tokens else [])])


def _read(spec: EndpointSpec, kind: type[_Options]) -> _Options:
    try:
        options = msgspec.convert(dict(spec.options), kind)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"The options of the endpoint {spec.name!r}: {error}") from None
    headers_of(spec, options)
    for row in options.models:
        own_model(row, spec)
    return options


def own_model(row: dict[str, Any], spec: EndpointSpec, known: ModelInfo | None = None) -> ModelInfo:
    """What the customer says of a model, over what is `known` of it. Raises Misconfigured."""
    try:
        return msgspec.convert((msgspec.structs.asdict(known) if known else {}) | row, ModelInfo)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"The models of the endpoint {spec.name!r}: {error}") from None
