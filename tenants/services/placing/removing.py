"""An organization and everything of it gone: rows, schema or database, files, keys, cache, control plane.

What stays is the job, with counts and the name it had, signed; and the people, who may belong to
other organizations.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict, Unavailable
from tenants.context import use_tenant
from tenants.db.residence import lock_of
from tenants.files import erase_files
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.events import control_event
from tenants.services.placing.clearing import remove_rows
from tenants.services.placing.jobs import PLANS, Step, alone, begin
from tenants.services.placing.leaving import LEAVE_THEIRS, LEFT_AT, apart, or_left, where_left, where_theirs
from tenants.services.placing.moving import kept
from tenants.services.placing.preparing import told_of

#: How long a removal waits for a worker that is still setting something up, in seconds.
PATIENCE = 30


def deprovision(
    *, organization: Organization, leave_theirs: bool = False, later: bool = True
) -> PlacementJob:
    """Close the organization at once; a job removes everything of it, wherever it lived.

    With `leave_theirs` nothing is changed on servers that the organization brought, and the report says
    what is there. Asked again, the job that is at it. Raises Conflict while it is being moved.
    """
    with transaction.atomic():
        locked = Organization.objects.select_for_update(of=("self",)).select_related("placement")
        organization = locked.get(id=organization.id)
        begun = _live(organization).filter(kind=PlacementJob.Kind.REMOVE).first()
        if begun is not None:
            return begun
        _not_while_moving(organization)
        Organization.objects.filter(id=organization.id).update(state=Organization.State.REMOVING)
        control_event(
            "organization.removing", "organization", organization.id, organization_id=None,
            payload={"slug": organization.slug, "isolation": organization.placement.isolation},
        )  # fmt: skip
        return begin(
            kind=PlacementJob.Kind.REMOVE,
            organization=organization,
            source=organization.placement,
            report={"organization": str(organization.id), LEAVE_THEIRS: leave_theirs},
            later=later,
        )


def _live(organization: Organization) -> QuerySet[PlacementJob]:
    return PlacementJob.objects.filter(organization=organization, state__in=PlacementJob.LIVE)


def _not_while_moving(organization: Organization) -> None:
    if _live(organization).filter(kind__in=[PlacementJob.Kind.MOVE, PlacementJob.Kind.CLEAR]).exists():
        raise Conflict(
            _("The organization is being moved: wait until that is over, or give the move up first."),
            code="being_moved",
        )


def _erase(job: PlacementJob) -> None:
    """Rows and control plane, while nobody can write; whoever comes after finds no organization.

    What is told of it is kept with the deletion: the steps after it need it, however soon the worker is
    cut off.
    """
    organization, placement = job.organization, job.source
    if organization is None or placement is None:
        return  # done before the worker was cut off
    _end_others(job, organization)
    besides = [*kept(organization), *organization.further_placements.order_by("id")]
    with _nobody_writes(job, organization, [placement, *besides]):
        elsewhere = _erase_elsewhere(job, organization)
        gone: Counter[str] = Counter()
        for one in [*besides, placement]:
            gone.update(_remove_or_leave(job, organization, one))
        job.report |= {
            "rows": dict(gone), "elsewhere": elsewhere, "lived_in": [str(one.id) for one in besides],
        }  # fmt: skip
        with use_tenant(apart(organization)), transaction.atomic():
            job.report["control"] = _forget(job, organization)
            job.save(update_fields=["report"])
    job.organization = None


def _end_others(job: PlacementJob, organization: Organization) -> None:
    """What else was to be made for it is not made any more. A worker who is at it stops at its next step."""
    for other in _live(organization).exclude(id=job.id):
        with alone(other.id) as mine:
            if not mine:
                message = _("Something is still being made for the organization; its removal goes on then.")
                raise Unavailable(message, retry_after=PATIENCE, code="being_made")
            PlacementJob.objects.filter(id=other.id).update(state=PlacementJob.State.UNDONE)


@contextmanager
def _nobody_writes(job: PlacementJob, organization: Organization, places: list[Placement]) -> Iterator[None]:
    """The organization's residence is ours, on each server where writers in a pool hold it."""
    pools = {one.database: one for one in places if one.isolation == Isolation.ROW}
    with ExitStack() as stack:
        _take(stack, DEFAULT_DB_ALIAS, organization)
        for alias, pool in sorted(pools.items()):
            if alias != DEFAULT_DB_ALIAS:
                with told_of(pool):
                    or_left(job, pool.name, partial(_take, stack, alias, organization))
        yield


def _take(stack: ExitStack, alias: str, organization: Organization) -> None:
    holder = stack.enter_context(owner_connection(alias))
    holder.execute("SELECT pg_advisory_lock(%s)", [lock_of(organization.id)])


def _remove_or_leave(job: PlacementJob, organization: Organization, placement: Placement) -> dict[str, int]:
    at, theirs = where_left(organization, placement), bool(where_theirs(organization, placement))
    return or_left(job, at, lambda: remove_rows(organization, placement), theirs=theirs) or {}


def _erase_elsewhere(job: PlacementJob, organization: Organization) -> int:
    with use_tenant(apart(organization)):
        at = ports.stored_elsewhere(organization.id)
        return or_left(job, at, lambda: ports.erase_elsewhere(organization.id), theirs=bool(at)) or 0


def _forget(job: PlacementJob, organization: Organization) -> dict[str, int]:
    """The control plane has nothing of it any more, but for this job."""
    if LEFT_AT in job.report:
        control_event(
            "organization.rows_left", "organization", organization.id, organization_id=None,
            payload={"slug": organization.slug, LEFT_AT: job.report[LEFT_AT]},
        )  # fmt: skip
    PlacementJob.objects.filter(organization=organization).exclude(id=job.id).delete()
    organization.further_placements.update(further_of=None)
    _total, by_model = Organization.objects.filter(id=organization.id).delete()
    return by_model


def _placement(job: PlacementJob) -> None:
    """Placements of its own go with it; pools stay."""
    lived_in = Q(id__in=job.report.get("lived_in", []))
    if job.source is not None:
        lived_in |= Q(id=job.source.id)
    Placement.objects.filter(lived_in).exclude(isolation=Isolation.ROW).delete()
    job.source = None


def _cache(job: PlacementJob) -> dict[str, Any]:
    """Every key that names the organization: its cache, and what is left of streams."""
    key = job.report["organization"].replace("-", "")
    client = redis.Redis.from_url(settings.REDIS_URL)
    with client:
        found = list(client.scan_iter(match=f"*{key}*", count=1000))
        gone = sum(client.unlink(name) for name in found)
    return {"keys": job.report.get("keys", 0) + gone}


def _files(job: PlacementJob) -> dict[str, Any]:
    """After the organization itself: who comes anew finds none to add one to."""
    gone = erase_files(uuid.UUID(job.report["organization"]))
    return {"files": job.report.get("files", 0) + gone}


def _stragglers(job: PlacementJob) -> dict[str, Any]:
    """Who was inside when it was removed may have kept something since."""
    return {**_cache(job), **_files(job)}


STEPS = (
    Step("erase", _erase),
    Step("placement", _placement),
    Step("files", _files),
    Step("cache", _cache),
    Step("stragglers", _stragglers),
)
PLANS[PlacementJob.Kind.REMOVE] = lambda: STEPS
