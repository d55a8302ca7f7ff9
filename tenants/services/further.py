"""Further placements of an organization: a schema or a database more, for some of its companions."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Unavailable
from humana.kernel.text import clean_line
from tenants.context import use_tenant
from tenants.db.catalogue.reading import tenant_models
from tenants.db.residence import taken
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.services.events import control_event
from tenants.services.placing.clearing import clear
from tenants.services.placing.jobs import alone, begin, finish, work_on
from tenants.services.placing.moving import hold
from tenants.services.placing.places import place_for
from tenants.services.placing.pools import name_taken


def add_placement(
    *,
    organization: Organization,
    isolation: str,
    database: str | None = None,
    name: str = "",
    now: bool = False,
) -> Placement:
    """Give the organization one more placement, made ready by a job; `now` does the job here.

    `database` is the alias of one that the organization brought; else it is on the platform's server.
    `name` is what people read; empty makes one of the organization's address. Raises Conflict for a
    shared pool, where there is nothing of its own, for a name that another placement has, and while
    another job is at work on the organization.
    """
    if isolation == Isolation.ROW:
        raise Conflict(
            _("Choose a schema or a database of its own: a shared pool keeps nothing apart."),
            code="not_its_own",
        )
    with transaction.atomic():
        hold(organization)
        placement = place_for(organization=organization, isolation=isolation, database=database)
        _call(placement, _free_name(name) or placement.name, organization)
        Organization.objects.filter(id=organization.id).update(mixed=True)
        organization.mixed = True
        job = _begin(organization, placement, later=not now)
    if now:
        _do_now(job)
    placement.refresh_from_db()
    return placement


def remove_placement(*, organization: Organization, placement: Placement, later: bool = True) -> PlacementJob:
    """Remove a further placement that nothing is stored in; a job clears its tables.

    Raises Conflict while companions, or what was written in the trail of some, are there, and
    Unavailable where people write there all the time.
    """
    with taken(organization.context.further(placement.ref)), transaction.atomic():
        hold(organization)
        if placement.further_of_id != organization.id or _holds_rows(organization, placement):
            message = _("Companions live there, or their trail is kept there: it cannot be removed.")
            raise Conflict(message, code="not_empty")
        control_event(
            "organization.placement_removed", "placement", placement.id, organization_id=organization.id,
            payload={"isolation": placement.isolation, "placement": placement.name},
        )  # fmt: skip
        _no_longer_further(organization, placement)
        return clear(organization=organization, placement=placement, later=later)


def give_up_placement(*, job: PlacementJob, later: bool = True) -> PlacementJob:
    """Give a further placement up that could not be made: what there is of it is cleared.

    Raises Conflict where it is ready: companions may live there.
    """
    with alone(job.id) as mine, transaction.atomic():
        if not mine:
            raise Unavailable(_("A worker is at it. Try again in a moment."))
        job = PlacementJob.objects.select_for_update(of=("self",)).select_related("target").get(id=job.id)
        placement, organization = job.target, job.organization
        if not may_be_given_up(job) or placement is None or organization is None:
            raise Conflict(_("This place is ready: companions may live there."), code="is_ready")
        finish(job, PlacementJob.State.UNDONE)
        _no_longer_further(organization, placement)
        return clear(organization=organization, placement=placement, later=later)


def may_be_given_up(job: PlacementJob) -> bool:
    """Whether the job makes a further placement that never became ready."""
    making = job.kind == PlacementJob.Kind.PROVISION and job.state in PlacementJob.LIVE
    place = job.target
    return bool(making and place and place.further_of_id and place.state == Placement.State.PREPARING)


def _free_name(name: str) -> str:
    """As it is kept: one line. Raises Conflict where another placement has it, Invalid for no name."""
    name = clean_line(name, field="name", limit=80, required=False)
    if name and Placement.objects.filter(name=name).exists():
        raise name_taken()
    return name


def _call(placement: Placement, name: str, organization: Organization) -> None:
    """Whoever took the name meanwhile has it."""
    try:
        with transaction.atomic():
            Placement.objects.filter(id=placement.id).update(further_of=organization, name=name)
    except IntegrityError:
        raise name_taken() from None


def _holds_rows(organization: Organization, placement: Placement) -> bool:
    with use_tenant(organization.context.further(placement.ref)):
        return any(model._base_manager.exists() for model in tenant_models().values())


def _no_longer_further(organization: Organization, placement: Placement) -> None:
    Placement.objects.filter(id=placement.id).update(further_of=None)
    others = Placement.objects.filter(further_of=organization)
    Organization.objects.filter(id=organization.id).update(mixed=others.exists())


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
