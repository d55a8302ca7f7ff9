"""Further placements of an organization: a schema or a database more, for some of its companions."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.services.events import control_event
from tenants.services.placing.jobs import begin, work_on
from tenants.services.placing.places import place_for


def add_placement(
    *, organization: Organization, isolation: str, database: str | None = None, now: bool = False
) -> Placement:
    """Give the organization one more placement, made ready by a job; `now` does the job here.

    `database` is the alias of one that the organization brought; else it is on the platform's server.
    Raises Conflict for a shared pool: there is nothing of its own in it.
    """
    if isolation == Isolation.ROW:
        raise Conflict(
            _("Choose a schema or a database of its own: a shared pool keeps nothing apart."),
            code="not_its_own",
        )
    with transaction.atomic():
        placement = place_for(organization=organization, isolation=isolation, database=database)
        Placement.objects.filter(id=placement.id).update(further_of=organization)
        Organization.objects.filter(id=organization.id).update(mixed=True)
        organization.mixed = True
        job = _begin(organization, placement, later=not now)
    if now:
        _do_now(job)
    placement.refresh_from_db()
    return placement


def _begin(organization: Organization, placement: Placement, *, later: bool) -> PlacementJob:
    control_event(
        "organization.placement_added", "placement", placement.id, organization_id=organization.id,
        payload={"isolation": placement.isolation, "placement": placement.name},
    )  # fmt: skip
    job = begin(kind=PlacementJob.Kind.PROVISION, organization=organization, target=placement, later=later)
    job.report = {"furnish": False}  # it receives companions; it is not an organization of its own
    job.save(update_fields=["report"])
    return job


def _do_now(job: PlacementJob) -> None:
    work_on(job.id)
    job.refresh_from_db()
    if job.state != PlacementJob.State.DONE:
        raise Conflict(job.error, code="not_provisioned")
