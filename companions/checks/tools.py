"""Which tools the policies leave."""

from __future__ import annotations

from collections.abc import Iterable

from companions.checks.kinds import Check, ToolsCheck


def allowed_tools(checks: Iterable[Check]) -> frozenset[str] | None:
    """The names that every list allows; None where no check speaks of tools, so all are allowed."""
    lists = [frozenset(one.allowed) for one in checks if isinstance(one, ToolsCheck)]
    return frozenset.intersection(*lists) if lists else None
