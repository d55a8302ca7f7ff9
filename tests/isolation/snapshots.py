"""Everything an organization has, to be compared before and after an attempt."""

from __future__ import annotations

from typing import Any

from tenants.context import use_tenant
from tests.fixtures.organizations import World
from tests.isolation.cells import MODELS


def everything_of(world: World) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tenant-plane tables, as they stand."""
    with use_tenant(world.context):
        return {model._meta.label: list(model.everything.order_by("pk").values()) for model in MODELS}
