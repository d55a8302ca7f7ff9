"""What an organization left behind when it moved, or never moved into: gone, and nothing else with it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction

from humana.kernel import ports
from humana.kernel.errors import Conflict, NotFound
from tenants.context import use_tenant
from tenants.db.dropping import erase_rows
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.events import control_event
from tenants.services.placing import preparing
from tenants.services.placing.jobs import PLANS, Step, begin
from tenants.services.placing.leaving import LEFT_AT, apart, or_left, where_left


def clear(*, organization: Organization, placement: Placement | None, later: bool = True) -> PlacementJob:
    """Begin to remove the organization's rows, or all that was made for it alone, at this placement."""
    return begin(kind=PlacementJob.Kind.CLEAR, organization=organization, source=placement, later=later)


def remove_rows(organization: Organization, placement: Placement) -> dict[str, int]:
    """The organization's rows there are gone, with the schema or database if it was its own."""
    if placement.isolation != Isolation.ROW:
        preparing.unmake(placement, organization)
        return {}
    with preparing.told_of(placement), owner_connection(placement.database) as connection:
        return erase_rows(connection, placement.schema_name, organization.id)


def _rows(job: PlacementJob) -> dict[str, Any] | None:
    organization, placement = job.organization, job.source
    if organization is None or placement is None:
        return None  # done before the worker was cut off
    lives_there = Organization.objects.filter(id=organization.id, placement=placement).exists()
    if lives_there or placement.further_of_id is not None:
        raise Conflict("the organization lives there")
    at = where_left(organization, placement)
    return {"rows": or_left(job, at, lambda: remove_rows(organization, placement)) or {}}


def _placement(job: PlacementJob) -> None:
    """A placement of its own goes with its rows; a pool stays."""
    placement, organization = job.source, job.organization
    if placement is None or organization is None:
        return
    with transaction.atomic():
        if LEFT_AT in job.report:
            _tell_what_is_left(job, organization, placement)
        if placement.isolation == Isolation.ROW:
            return
        Placement.objects.filter(id=placement.id).delete()
        if placement.isolation == Isolation.DATABASE:
            _release(organization, placement, entirely=LEFT_AT in job.report)
    job.source = None


def _release(organization: Organization, placement: Placement, *, entirely: bool) -> None:
    """Of a database that was given up, how to sign in there goes too; nobody may know it any more."""
    with use_tenant(apart(organization)), suppress(NotFound):
        ports.release_database(placement.database, entirely=entirely)


def _tell_what_is_left(job: PlacementJob, organization: Organization, placement: Placement) -> None:
    with use_tenant(apart(organization)):
        control_event(
            "organization.rows_left", "placement", placement.id, organization_id=organization.id,
            payload={"placement": placement.name, LEFT_AT: job.report[LEFT_AT]},
        )  # fmt: skip


STEPS = (Step("rows", _rows), Step("placement", _placement))
PLANS[PlacementJob.Kind.CLEAR] = lambda: STEPS
