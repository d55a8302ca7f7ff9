"""Rows that are left where they are: at a server that no longer answers, or at one that is not ours.

Whoever removes or clears asks `or_left` to do it. What was left is in the job's report, for whoever
keeps that server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict, NotFound, Unavailable
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.services.placing.jobs import alone, try_again

#: In a job's report: an operator gave the server up; its owner's databases are not touched; what stayed.
ABANDONED, LEAVE_THEIRS, LEFT_AT = "abandoned", "leave_theirs", "left_at"

Done = TypeVar("Done")


def abandon(*, job: PlacementJob) -> None:
    """Go on without the server that the job stopped at: what is there stays, and the report says where.

    Raises Conflict where nothing is given up by that.
    """
    with alone(job.id) as mine, transaction.atomic():
        if not mine:
            raise Unavailable(_("A worker is at it. Try again in a moment."))
        locked = PlacementJob.objects.select_for_update(of=("self",)).select_related("source")
        job = locked.get(id=job.id)
        if not may_be_abandoned(job):
            raise Conflict(
                _("There is no server to give up: see what stopped it."), code="nothing_to_abandon"
            )
        job.report = {**job.report, ABANDONED: True}
        job.save(update_fields=["report", "updated_at"])
        try_again(job=job)


def may_be_abandoned(job: PlacementJob) -> bool:
    """Whether it stopped at rows that can be left: an organization's own server, or another one of ours."""
    if job.state != PlacementJob.State.FAILED or job.report.get(ABANDONED):
        return False
    if job.organization is None:
        return False
    if job.kind == PlacementJob.Kind.CLEAR:
        return job.source is not None and bool(where_left(job.organization, job.source))
    return job.kind == PlacementJob.Kind.REMOVE


def or_left(job: PlacementJob, at: str, act: Callable[[], Done], *, theirs: bool = False) -> Done | None:
    """What `act` returns; None where it is left, which is noted with `at`, the place in words.

    It is left where it is `theirs` and the job leaves such alone, or where it fails after an operator has
    given the server up. An empty `at` is ours, and never left.
    """
    if not (theirs and job.report.get(LEAVE_THEIRS)):
        try:
            return act()
        except Exception:
            if not at or not job.report.get(ABANDONED):
                raise
    job.report[LEFT_AT] = sorted({*job.report.get(LEFT_AT, []), at})
    return None


def where_theirs(organization: Organization, placement: Placement) -> str:
    """The address of a database that the organization brought, or its alias where nobody knows it any more.

    Empty for what is on a server of ours.
    """
    if placement.isolation != Isolation.DATABASE:
        return ""
    with use_tenant(apart(organization)):
        try:
            return ports.locate_database(placement.database)
        except NotFound:
            return placement.database


def where_left(organization: Organization, placement: Placement) -> str:
    """The place in words where it may be given up; empty for one on the platform's own server."""
    if placement.isolation == Isolation.DATABASE:
        return where_theirs(organization, placement)
    return placement.name if placement.database != DEFAULT_DB_ALIAS else ""


def apart(organization: Organization) -> TenantContext:
    """The organization in the control plane only: it can be entered whatever its placement is like."""
    return replace(organization.context, placement=CONTROL_PLANE)
