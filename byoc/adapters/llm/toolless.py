"""A question with tools for a model that knows none: the same conversation, told as words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from byoc.adapters.llm.catalogue import model_of
from byoc.adapters.llm.options import read_options
from byoc.contracts import ChatMessage, ChatRequest, EndpointSpec


def fitting(request: ChatRequest, spec: EndpointSpec) -> ChatRequest:
    """As it is, unless it has tools and the model of that endpoint can use none."""
    if not request.tools or model_of(spec, read_options(spec), request.model or "").tools:
        return request
    return replace(request, tools=(), tool_choice="auto", messages=tuple(_plain(request.messages)))


def _plain(messages: Iterable[ChatMessage]) -> Iterator[ChatMessage]:
    for one in messages:
        if one.role == "tool":
            yield ChatMessage("user", one.text)
        elif not one.tool_calls:
            yield one
        elif one.text:
            yield ChatMessage("assistant", one.text)
