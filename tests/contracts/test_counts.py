"""Tokens as Anthropic's protocol counts them: told at the beginning and again at the end of an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from byoc.adapters.llm.anthropic import MessageDecoder
from byoc.contracts import EndpointSpec, Usage


def counted(at_first: dict[str, int], at_last: dict[str, int]) -> Usage:
    decoder = MessageDecoder(EndpointSpec("counts", "llm", "anthropic", "https://models.example"))
    told: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": at_first}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": at_last},
        {"type": "message_stop"},
    ]
    decoder.feed([json.dumps(event).encode() for event in told])
    (usage,) = [event for event in decoder.finish() if isinstance(event, Usage)]
    return usage


@pytest.mark.parametrize("at_last", [{"output_tokens": 7}, {"output_tokens": 7, "input_tokens": 0}])
def test_what_was_counted_at_first_is_not_taken_back(at_last: dict[str, int]) -> None:
    usage = counted({"input_tokens": 12, "output_tokens": 1}, at_last)
    assert (usage.input_tokens, usage.output_tokens) == (12, 7)
