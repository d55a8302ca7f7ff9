"""An organization and everything of it gone: rows, schema or database, files, keys, cache, control plane.

What stays is the job, with counts and the name it had, signed; and the people, who may belong to
other organizations.
"""

from __future__ import annotations

import uuid
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tenants.db.residence import lock_of
from tenants.files import erase_files
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.events import control_event
from tenants.services.placing.clearing import remove_rows
from tenants.services.placing.jobs import PLANS, Step, begin
from tenants.services.placing.moving import kept


def deprovision(*, organization: Organization, later: bool = True) -> PlacementJob:
    """Close the organization at once; a job removes everything of it, wherever it lived.

    Raises Conflict while it is being moved.
    """
    with transaction.atomic():
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
            later=later,
        )


def _not_while_moving(organization: Organization) -> None:
    Organization.objects.select_for_update().get(id=organization.id)
    live = PlacementJob.objects.filter(organization=organization, state__in=PlacementJob.LIVE)
    if live.filter(kind__in=[PlacementJob.Kind.MOVE, PlacementJob.Kind.CLEAR]).exists():
        raise Conflict(
            _("The organization is being moved: wait until that is over, or give the move up first."),
            code="being_moved",
        )


def _erase(job: PlacementJob) -> dict[str, Any] | None:
    """Rows and control plane, while nobody can write; whoever comes after finds no organization."""
    organization, placement = job.organization, job.source
    if organization is None or placement is None:
        return None  # done before the worker was cut off
    with owner_connection() as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [lock_of(organization.id)])
        with use_tenant(organization.context):
            elsewhere = ports.erase_elsewhere(organization.id)
        besides = [*kept(organization), *organization.further_placements.order_by("id")]
        for other in besides:
            remove_rows(organization, other)
        gone = remove_rows(organization, placement)
        # Kept with the deletion: the steps after it need both, however soon the worker is cut off.
        job.report |= {"organization": str(organization.id), "left": [str(other.id) for other in besides]}
        with use_tenant(organization.context), transaction.atomic():
            job.save(update_fields=["report"])
            organization.further_placements.update(further_of=None)
            _total, by_model = Organization.objects.filter(id=organization.id).delete()
    job.organization = None
    return {"rows": gone, "elsewhere": elsewhere, "control": by_model}


def _placement(job: PlacementJob) -> None:
    """Placements of its own go with it; pools stay."""
    lived_in = Q(id__in=job.report.get("left", []))
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
    return {"keys": gone}


def _files(job: PlacementJob) -> dict[str, Any]:
    """After the organization itself: nobody can add one any more."""
    return {"files": erase_files(uuid.UUID(job.report["organization"]))}


STEPS = (
    Step("erase", _erase),
    Step("placement", _placement),
    Step("files", _files),
    Step("cache", _cache),
)
PLANS[PlacementJob.Kind.REMOVE] = lambda: STEPS
