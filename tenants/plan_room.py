"""How much there may be of an organization's people and documents: as its plan says, or as an operator gave.

Only adding is ever refused: whoever is over a limit that was lowered keeps all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.db import connection

from tenants.context import current_tenant
from tenants.models import Organization, Plan

GIGABYTE = 1024**3
#: Its own lock, not the organization's row: a move that is under way waits for nobody who adds.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))"


@dataclass(frozen=True, slots=True)
class PlanRoom:
    """Members and bytes at most; None is without end."""

    plan: str
    seats: int | None
    stored: int | None

    @property
    def plan_name(self) -> str:
        return str(Plan(self.plan).label) if self.plan in Plan.values else self.plan


def room() -> PlanRoom:
    """Of the organization we are in, as it is now."""
    rows = Organization.objects.filter(id=current_tenant().organization_id)
    plan, seats, gigabytes = rows.values_list("plan", "seats", "stored_gigabytes").get()
    of_plan, bytes_of_plan = settings.HUMANA_PLAN_ROOM[plan]
    return PlanRoom(
        plan,
        of_plan if seats is None else seats,
        bytes_of_plan if gigabytes is None else gigabytes * GIGABYTE,
    )


def hold_room(what: Literal["seats", "stored"]) -> PlanRoom:
    """The same, for whoever adds: ours alone until the control plane's transaction ends, so that of two at
    once for the last of it one waits, and finds it taken.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [f"{what}:{current_tenant().organization_id}"])
    return room()
