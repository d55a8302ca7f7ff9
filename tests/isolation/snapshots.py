"""Everything an organization has, to be compared before and after an attempt."""

from __future__ import annotations

from typing import Any

from tenants.context import use_tenant
from tenants.models import ApiKey, Membership
from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS
from tests.isolation.cells import MODELS

CONTROLLED: list[type[Any]] = [*CONTROL_MAKERS, Membership, ApiKey]


def everything_of(world: World) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tenant-plane tables, and all of the control plane that are its own, as they stand."""
    with use_tenant(world.context):
        rows = {model._meta.label: list(model.everything.order_by("pk").values()) for model in MODELS}
        return rows | {model._meta.label: _of(world, model) for model in CONTROLLED}


def _of(world: World, model: type[Any]) -> list[dict[str, Any]]:
    """Without when a key was last used: to ask is to use it."""
    rows = model.objects.filter(organization=world.organization).order_by("pk").values()
    return [{name: value for name, value in row.items() if name != "last_used_at"} for row in rows]
