"""What of companions stands on teams and positions, told to and changed for the floor that keeps those."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping

from django.db.models import Count, F
from django.utils import timezone

from audit.budget_lists import count_budgets
from audit.models import Budget
from companions.models import Capability, Companion, CompanionAccess, KnowledgeAsset, Policy
from documents.sharing import shared_with_team
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.db.refusals import refusing
from tenants.places import at_main, everywhere, gather
from tenants.structure import Standing
from tenants.transactions import tenant_atomic

#: How each kind is named in a policy's audience.
_LISTS = {"team": "teams", "position": "positions"}


def standing_on(kind: str) -> Mapping[uuid.UUID, Standing]:
    """By the id of each "team" or "position" that anything names; gone ones may be among them."""
    with at_main():
        companions = _companions(kind)
        policies = _policies(_LISTS[kind])
        rules = _rules() if kind == "team" else Counter()
    return {
        one: Standing(companions.get(one, 0), tuple(policies.get(one, ())), rules[one])
        for one in {*companions, *policies, *rules}
    }


def bound_to_team(team_id: uuid.UUID) -> dict[str, int]:
    """What is for this team, with those below it, and for nobody once it is gone: what was shared with it,
    what it may use, what it is told and may do. By kind; none is left out.
    """
    given = gather(lambda: [shared_with_team(team_id)]).found
    with at_main():
        told = {"level__in": ("team", "department"), "team_id": team_id}
        return {
            "folders": sum(one.folders for one in given),
            "documents": sum(one.documents for one in given),
            "budgets": count_budgets(Budget.Scope.TEAM, team_id),
            "knowledge": KnowledgeAsset.objects.filter(**told).count(),
            "capabilities": Capability.objects.filter(**told).count(),
        }


def _companions(kind: str) -> dict[uuid.UUID, int]:
    """As the entries in the main placement say, of wherever they live."""
    column = f"{kind}_id"
    rows = Companion.objects.exclude(**{column: None}).order_by().values(column)
    return dict(rows.annotate(number=Count("id")).values_list(column, "number"))


def _policies(named: str) -> dict[uuid.UUID, list[str]]:
    """Those out of force too: they may come into force again."""
    found: dict[uuid.UUID, list[str]] = {}
    for name, audience in Policy.objects.order_by("name").values_list("name", "audience"):
        for one in _ids(audience, named):
            found.setdefault(one, []).append(name)
    return found


def _ids(audience: object, named: str) -> Iterator[uuid.UUID]:
    told = audience.get(named) if isinstance(audience, Mapping) else None
    for one in told if isinstance(told, list) else ():
        try:
            yield uuid.UUID(str(one))
        except ValueError:
            continue


def _rules() -> Counter[uuid.UUID]:
    rows = CompanionAccess.objects.exclude(team_id=None)
    return Counter(one for one in rows.values_list("team_id", flat=True) if one is not None)


def resettle(kind: str, row_id: uuid.UUID, to_id: uuid.UUID | None) -> int:
    """Companions of that team or position are of another one, or of none: where each lives, the main
    placement last, so that cut off half-way it is done again. How many there are.

    Raises Unavailable where a place of theirs does not answer.
    """
    moved = 0
    for place in reversed(everywhere()):
        with refusing(place.placement.alias), use_tenant(place), tenant_atomic():
            moved = _resettle(kind, row_id, to_id)
    return moved


def _resettle(kind: str, row_id: uuid.UUID, to_id: uuid.UUID | None) -> int:
    column = f"{kind}_id"
    rows = Companion.everything.filter(**{column: row_id})
    moved = rows.update(**{column: to_id}, version=F("version") + 1, updated_at=timezone.now())
    if moved:
        told = {"to": str(to_id or ""), "companions": moved}
        record_trail(
            action="companions.companion.resettled", resource_type=kind, resource_id=row_id, payload=told
        )
    return moved
