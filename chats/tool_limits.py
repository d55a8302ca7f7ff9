"""How much of tools one answer may have."""

from __future__ import annotations

from dataclasses import dataclass

from chats.config_keys import CONSENT_SECONDS, TOOL_CALLS, TOOL_CHARACTERS, TOOL_ROUNDS, TOOL_SECONDS
from tenants.config.resolver import Subject, resolve_many


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """Turns in which the model may ask for tools, calls, seconds of all tools, characters of all results;
    and how many seconds a person is waited for.
    """

    rounds: int = 8
    calls: int = 24
    seconds: int = 120
    characters: int = 100_000
    consent_seconds: int = 180


def tool_limits(subject: Subject) -> ToolLimits:
    """Inside the organization; the team is the companion's."""
    keys = (TOOL_ROUNDS, TOOL_CALLS, TOOL_SECONDS, TOOL_CHARACTERS, CONSENT_SECONDS)
    return ToolLimits(*resolve_many(keys, subject).values())
