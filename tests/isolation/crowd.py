"""Twenty small organizations in placements of every kind: two pools, six schemas, four databases."""

from __future__ import annotations

from tenants.context import TenantContext
from tenants.db import replay
from tenants.db.levels import level_of
from tenants.db.scripts import wanted
from tenants.models import Isolation, Organization, Placement, User
from tenants.owner import owner_connection
from tenants.services.organizations import found_organization
from tests.fixtures.organizations import PASSWORD
from tests.isolation.worlds import PLANS

IN_POOLS, IN_SCHEMAS, IN_DATABASES = 10, 6, 4


def gather() -> dict[str, list[Organization]]:
    """The organizations by isolation; every other one of the pools' is in the second pool."""
    owner = User.objects.create_user("dora@crowd.example", PASSWORD, name="Dora")
    return {
        Isolation.ROW: _in_pools([Placement.objects.get(schema_name="pool_main"), _second_pool()]),
        Isolation.SCHEMA: [_alone(owner, Isolation.SCHEMA, n) for n in range(IN_SCHEMAS)],
        Isolation.DATABASE: [_alone(owner, Isolation.DATABASE, n) for n in range(IN_DATABASES)],
    }


def contexts_of(crowd: dict[str, list[Organization]], *isolations: str) -> list[TenantContext]:
    return [one.context for isolation in isolations for one in crowd[isolation]]


def _second_pool() -> Placement:
    """A pool like the first, closed to those who are founded later."""
    with owner_connection() as owner:
        replay.create_schema(owner, "pool_second")
    return Placement.objects.create(
        name="Second pool",
        schema_name="pool_second",
        isolation=Isolation.ROW,
        state=Placement.State.CLOSED,
        migrated=level_of(wanted()),
    )


def _in_pools(pools: list[Placement]) -> list[Organization]:
    rows = [
        Organization(slug=f"crowd-row-{n}", name="Crowd", placement=pools[n % len(pools)])
        for n in range(IN_POOLS)
    ]
    return list(Organization.objects.bulk_create(rows))


def _alone(owner: User, isolation: str, n: int) -> Organization:
    return found_organization(
        name="Crowd",
        owner=owner,
        slug=f"crowd-{isolation}-{n}",
        plan=PLANS[Isolation(isolation)],
        furnish=False,
        now=True,
    )
