"""A look at a model's endpoint without an SDK: a sweep makes thousands of them.

It asks what `health` of the adapter asks, for the list of models; whatever needs more than an address and
a header to be asked is asked by its adapter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from byoc.adapters.llm import make
from byoc.adapters.llm.errors import from_status, timed_out, translated
from byoc.adapters.llm.options import LLMOptions, read_options
from byoc.contracts import EndpointSpec, Health
from humana.kernel import egress
from humana.kernel.errors import EndpointError

Question = Callable[[EndpointSpec], tuple[str, dict[str, str]]]


def _openai(spec: EndpointSpec) -> tuple[str, dict[str, str]]:
    return f"{spec.url.rstrip('/')}/models", {"Authorization": f"Bearer {spec.key or 'none'}"}


def _anthropic(spec: EndpointSpec) -> tuple[str, dict[str, str]]:
    headers = {"X-Api-Key": spec.key, "anthropic-version": "2023-06-01"}
    return f"{spec.url.rstrip('/')}/v1/models?limit=1", headers


_QUESTIONS: Mapping[str, Question] = {
    "openai": _openai,
    "custom": _openai,
    "local": _openai,
    "anthropic": _anthropic,
}


async def probe(spec: EndpointSpec, guard: egress.Guard) -> Health:
    """How it is. Spends no tokens. Raises EndpointError where it cannot even be asked."""
    question = _QUESTIONS.get(spec.type)
    if question is None:
        return await _by_its_adapter(spec, guard)
    options, started = read_options(spec), time.monotonic()
    try:
        await _ask(question, spec, guard, options)
    except EndpointError as error:
        return Health(False, time.monotonic() - started, error.code, str(error))
    return Health(True, time.monotonic() - started)


async def _ask(question: Question, spec: EndpointSpec, guard: egress.Guard, options: LLMOptions) -> None:
    import httpx2

    from humana.kernel.egress.asking import ask

    url, headers = question(spec)
    seconds = options.connect_seconds
    try:
        reply = await ask(
            "GET", url, guard, headers=headers | _own_headers(spec, options),
            connect_seconds=seconds, seconds=2 * seconds,
        )  # fmt: skip
    except TimeoutError:
        raise timed_out(spec.name, "does not answer a probe in time") from None
    except httpx2.HTTPError as error:
        raise translated(error, spec, begun=False) from error
    if reply.status >= 300:
        raise from_status(reply.status, _words(reply.body), spec)


def _own_headers(spec: EndpointSpec, options: LLMOptions) -> dict[str, str]:
    """The customer's own; secret ones are credentials named `header:<name>`."""
    secret = {
        name.removeprefix("header:"): value
        for name, value in spec.credentials.items()
        if name.startswith("header:")
    }
    return {**options.headers, **secret}


def _words(body: bytes) -> str:
    """What the provider wrote of its error; empty where it is not what these protocols say."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    inner = told.get("error", told) if isinstance(told, dict) else None
    if not isinstance(inner, dict):
        return ""
    return " ".join(str(inner[key]) for key in ("message", "code", "type") if inner.get(key))


async def _by_its_adapter(spec: EndpointSpec, guard: egress.Guard) -> Health:
    adapter = make(spec, guard)
    try:
        return await adapter.health()
    finally:
        await adapter.close()
