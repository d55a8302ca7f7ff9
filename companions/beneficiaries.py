"""Which companions are told an asset or given a capability as things stand, and why."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from companions.access import Structure
from companions.knowledge import item_of, rules_about
from companions.models import Capability, Companion, KnowledgeAsset, SharingRule
from companions.network import structure
from companions.sharing import NOBODY, Item, Reach, around
from tenants.places import at_main


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """`why` is a code of `companions.sharing`, whether it is told or not."""

    id: uuid.UUID
    name: str
    told: bool
    why: str


def beneficiaries(row: KnowledgeAsset | Capability) -> list[Beneficiary]:
    """Every companion by name, with whether it is told and why, or why not."""
    return of_item(item_of(row))


def of_item(item: Item) -> list[Beneficiary]:
    """The same of what is not written yet, too."""
    with at_main():
        rules, teams = _Rules.about(item.id), structure()
        rows = list(Companion.objects.order_by("name", "id").values_list("id", "name", "team_id"))
    known: dict[uuid.UUID | None, tuple[frozenset[uuid.UUID], frozenset[uuid.UUID]]] = {}
    found = []
    for key, name, team in rows:
        if team not in known:
            known[team] = _around(team, item, teams)
        found.append(Beneficiary(key, name, *rules.reach(key, item, *known[team]).why(item)))
    return found


def _around(
    team: uuid.UUID | None, item: Item, teams: Structure
) -> tuple[frozenset[uuid.UUID], frozenset[uuid.UUID]]:
    """Only where the level asks for it."""
    return around(team, teams) if item.level in ("team", "department") else (NOBODY, NOBODY)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is said of this one, and who is kept from the whole common base."""

    allowed: frozenset[uuid.UUID]
    denied: frozenset[uuid.UUID]
    without_common: frozenset[uuid.UUID]

    @classmethod
    def about(cls, aim_id: uuid.UUID) -> _Rules:
        said = list(rules_about(aim_id).values_list("whose_id", "allow"))
        kept_from = SharingRule.objects.filter(asset=None, capability=None, allow=False)
        return cls(
            frozenset(one for one, allow in said if allow),
            frozenset(one for one, allow in said if not allow),
            frozenset(kept_from.values_list("whose_id", flat=True)),
        )

    def reach(
        self, whose: uuid.UUID, item: Item, line: frozenset[uuid.UUID], department: frozenset[uuid.UUID]
    ) -> Reach:
        aim = frozenset({item.id})
        return Reach(
            line=line,
            department=department,
            allowed=aim if whose in self.allowed else NOBODY,
            denied=aim if whose in self.denied else NOBODY,
            no_common=whose in self.without_common,
        )
