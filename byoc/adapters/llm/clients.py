"""The vendors' SDKs, each on a client of the guarded way out, for chats and embeddings alike.

An SDK would retry, follow the environment and send what it finds there; none of it is meant for a
customer's address. Import one of these only in a thread: loading an SDK takes up to a second.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from byoc.adapters.llm.options import Connecting, headers_of
from byoc.contracts import EndpointSpec
from humana.kernel import egress

AZURE_API_VERSION = "2024-10-21"  # the latest that is generally available; newer ones by option
GOOGLE_API_VERSION = "v1beta"  # where tools and system instructions are complete

OPENAI_MODULES: tuple[str, ...] = (
    "openai.resources.chat.completions",
    "openai.resources.embeddings",
    "openai.resources.models",
)
AZURE_MODULES = (*OPENAI_MODULES, "openai.lib.azure")
ANTHROPIC_MODULES = ("anthropic.resources.messages", "anthropic.resources.models")
GOOGLE_MODULES = ("google.genai",)


@dataclass(frozen=True, slots=True)
class Client:
    """An SDK's client, the exceptions that it may raise, and what closes its connections."""

    sdk: Any
    errors: tuple[type[Exception], ...]
    close: Callable[[], Awaitable[None]]


def _way_out(spec: EndpointSpec, options: Connecting, guard: egress.Guard) -> Any:
    return egress.http_client(
        spec.url, guard, connect_seconds=options.connect_seconds, max_bytes=options.max_bytes
    )


def openai_client(spec: EndpointSpec, options: Connecting, guard: egress.Guard) -> Client:
    from httpx2 import HTTPError
    from openai import AsyncOpenAI, OpenAIError

    http, headers = _way_out(spec, options, guard), headers_of(spec, options)
    sdk = AsyncOpenAI(
        api_key=spec.key or "none",  # the SDK insists on one; keyless servers ignore it
        base_url=spec.url,
        http_client=http,
        max_retries=0,
        timeout=None,
        default_headers=headers,
    )
    # What the environment says of OpenAI is not meant for this endpoint.
    sdk.organization, sdk.project = options.organization or None, options.project or None
    sdk._custom_headers = headers
    return Client(sdk, (OpenAIError, HTTPError), http.aclose)


def azure_client(spec: EndpointSpec, options: Connecting, guard: egress.Guard) -> Client:
    """Paths are `/openai/deployments/<model>/…`, the key goes into `api-key`."""
    from httpx2 import HTTPError
    from openai import AsyncAzureOpenAI, OpenAIError

    http, headers = _way_out(spec, options, guard), headers_of(spec, options)
    sdk = AsyncAzureOpenAI(
        api_key=spec.key or "none",
        base_url=f"{spec.url.rstrip('/').removesuffix('/openai')}/openai",
        api_version=options.api_version or AZURE_API_VERSION,
        http_client=http,
        max_retries=0,
        timeout=None,
        default_headers=headers,
    )
    sdk.organization = sdk.project = None
    sdk._custom_headers = headers
    return Client(sdk, (OpenAIError, HTTPError), http.aclose)


def anthropic_client(spec: EndpointSpec, options: Connecting, guard: egress.Guard) -> Client:
    from anthropic import AnthropicError, AsyncAnthropic
    from httpx2 import HTTPError

    http, headers = _way_out(spec, options, guard), headers_of(spec, options)
    sdk = AsyncAnthropic(
        api_key=spec.key or "none",  # given, so that the SDK looks for no other
        base_url=spec.url,
        http_client=http,
        max_retries=0,
        timeout=None,
        default_headers=headers,
    )
    sdk._custom_headers = headers
    return Client(sdk, (AnthropicError, HTTPError), http.aclose)


def google_client(spec: EndpointSpec, options: Connecting, guard: egress.Guard) -> Client:
    """The SDK's own client of HTTP: its models would make an object of every chunk."""
    from google.genai import Client as Genai
    from google.genai.errors import APIError
    from google.genai.types import HttpOptions, HttpRetryOptions
    from httpx2 import HTTPError

    http, nobody = _way_out(spec, options, guard), _trusting_nobody()
    sdk = Genai(
        vertexai=False,
        api_key=spec.key or "none",
        http_options=HttpOptions(
            base_url=spec.url,
            api_version=options.api_version or GOOGLE_API_VERSION,
            headers=headers_of(spec, options),
            retry_options=HttpRetryOptions(attempts=1),
            httpx_async_client=http,
            client_args={"verify": nobody},
            async_client_args={"ssl": nobody},
        ),
    )
    return Client(sdk._api_client, (APIError, HTTPError, UnicodeDecodeError), http.aclose)


@lru_cache(maxsize=1)
def _trusting_nobody() -> ssl.SSLContext:
    """For the clients that Google's SDK makes beside ours: never used, and 0.1 s each to make otherwise."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
