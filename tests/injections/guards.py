"""Each guard, and how it is taken away: what it holds back must then be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chats.hands import Hands
from chats.watching import Watch
from companions.access import ALL, Edge, Right
from companions.checks import Guard
from companions.models import ToolRule
from companions.services import tool_calls, tooling
from companions.services.judging import Case
from tenants.config.catalogue import config_keys
from tenants.context import use_tenant
from tenants.services.config import of_organization, set_value
from tests.injections.house import House

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Without:
    """`off` takes it away; `aims` are what injections then reach, by the names of the corpus."""

    off: Callable[[House, Patch], None]
    surface: str
    aims: tuple[str, ...]


def _rules(house: House, patch: Patch) -> None:
    def every(*_whose: object) -> Any:
        return ToolRule.objects.select_related("tool", "tool__server").order_by("tool__name")

    for module in (tooling, tool_calls):
        patch.setattr(module, "offerable", every)


def _confirmation(house: House, patch: Patch) -> None:
    async def nobody_is_asked(*_about: object) -> None:
        return None

    patch.setattr(Hands, "_ask", nobody_is_asked)


def _allowed_tools(house: House, patch: Patch) -> None:
    patch.setattr(Guard, "allowed_tools", lambda _guard: None)


def _eyes(house: House, patch: Patch) -> None:
    async def lets(*_looked_at: object) -> bool:
        return True

    patch.setattr(Watch, "tool", lets)


def _edges(house: House, patch: Patch) -> None:
    patch.setattr(Case, "towards", lambda *_ends: Edge(ALL, dict.fromkeys(Right, "public")))


def _limit(name: str, most: int) -> Callable[[House, Patch], None]:
    def raised(house: House, patch: Patch) -> None:
        with use_tenant(house.organization.context):
            where = of_organization(house.organization.id)
            set_value(member=None, where=where, key=config_keys.get(name), value=most)

    return raised


def _tool_limits(house: House, patch: Patch) -> None:
    _limit("chats.tool_rounds", 12)(house, patch)
    _limit("chats.tool_calls", 50)(house, patch)


GUARDS = {
    "rules of tools": Without(_rules, "result", ("not this companion's", "another's", "somebody's own")),
    "confirmation": Without(_confirmation, "result", ("asks first",)),
    "tools that policies allow": Without(_allowed_tools, "result", ("not by policy",)),
    "what policies see in a tool": Without(_eyes, "result", ("carries personal data",)),
    "edges": Without(_edges, "message", ("restricted", "other department", "denied", "through another")),
    "hops": Without(_limit("messages.hops", 20), "message", ("round and round",)),
    "messages that follow": Without(_limit("messages.following", 60), "message", ("everybody",)),
    "rounds and calls of tools": Without(_tool_limits, "result", ("again and again",)),
}
