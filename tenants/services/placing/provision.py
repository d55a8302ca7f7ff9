"""An organization set up in its placement, and opened."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from humana.kernel import ports
from tenants.context import use_tenant
from tenants.models import Organization, Placement, PlacementJob
from tenants.services.events import control_event
from tenants.services.placing import preparing
from tenants.services.placing.jobs import PLANS, Step, begin


def provision(*, organization: Organization, furnish: bool = True, later: bool = True) -> PlacementJob:
    """Set the organization up where it was placed; `furnish` gives it what a new one starts with."""
    return begin(
        kind=PlacementJob.Kind.PROVISION,
        organization=organization,
        target=organization.placement,
        report=None if furnish else {"furnish": False},
        later=later,
    )


def _database(job: PlacementJob) -> dict[str, Any]:
    return preparing.make_database(*_both(job))


def _schema(job: PlacementJob) -> None:
    preparing.make_schema(*_both(job))


def _audit(job: PlacementJob) -> dict[str, Any]:
    return {"audit": preparing.prove(*_both(job))}


def _furnish(job: PlacementJob) -> None:
    placement, organization = _both(job)
    if job.report.get("furnish", True):
        with use_tenant(organization.at(placement)):
            ports.furnish_organization(organization)


def _open(job: PlacementJob) -> None:
    placement, organization = _both(job)
    with transaction.atomic():
        made = Placement.objects.filter(id=placement.id, state=Placement.State.PREPARING)
        made.update(state=Placement.State.READY)  # a pool that was closed meanwhile stays closed
        waiting = Organization.objects.filter(id=organization.id, state=Organization.State.PROVISIONING)
        if waiting.update(state=Organization.State.ACTIVE):
            control_event(
                "organization.provisioned",
                "organization",
                organization.id,
                organization_id=organization.id,
                payload={"isolation": placement.isolation, "placement": placement.name},
            )


def _both(job: PlacementJob) -> tuple[Placement, Organization]:
    assert job.target is not None
    assert job.organization is not None
    return job.target, job.organization


STEPS = (
    Step("database", _database),
    Step("schema", _schema),
    Step("audit", _audit),
    Step("furnish", _furnish),
    Step("open", _open),
)
PLANS[PlacementJob.Kind.PROVISION] = lambda: STEPS
