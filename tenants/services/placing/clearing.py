"""What an organization left behind when it moved, or never moved into: gone, and nothing else with it."""

from __future__ import annotations

from typing import Any

from humana.kernel import ports
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tenants.db.dropping import erase_rows
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.placing import preparing
from tenants.services.placing.jobs import PLANS, Step, begin


def clear(*, organization: Organization, placement: Placement | None, later: bool = True) -> PlacementJob:
    """Begin to remove the organization's rows, or all that was made for it alone, at this placement."""
    return begin(kind=PlacementJob.Kind.CLEAR, organization=organization, source=placement, later=later)


def remove_rows(organization: Organization, placement: Placement) -> dict[str, int]:
    """The organization's rows there are gone, with the schema or database if it was its own."""
    if placement.isolation != Isolation.ROW:
        preparing.unmake(placement, organization)
        return {}
    with owner_connection(placement.database) as connection:
        return erase_rows(connection, placement.schema_name, organization.id)


def _rows(job: PlacementJob) -> dict[str, Any] | None:
    organization, placement = job.organization, job.source
    if organization is None or placement is None:
        return None  # done before the worker was cut off
    lives_there = Organization.objects.filter(id=organization.id, placement=placement).exists()
    if lives_there or placement.further_of_id is not None:
        raise Conflict("the organization lives there")
    return {"rows": remove_rows(organization, placement)}


def _placement(job: PlacementJob) -> None:
    """A placement of its own goes with its rows; a pool stays."""
    placement, organization = job.source, job.organization
    if placement is None or organization is None or placement.isolation == Isolation.ROW:
        return
    Placement.objects.filter(id=placement.id).delete()
    job.source = None
    if placement.isolation == Isolation.DATABASE:
        with use_tenant(organization.context):
            ports.release_database(placement.database)


STEPS = (Step("rows", _rows), Step("placement", _placement))
PLANS[PlacementJob.Kind.CLEAR] = lambda: STEPS
