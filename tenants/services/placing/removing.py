"""An organization and everything of it gone: rows, schema or database, keys, cache, control plane.

What stays is the job, with counts and the name it had, signed; and the people, who may belong to
other organizations.
"""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.db import transaction

from tenants.context import use_tenant
from tenants.db.dropping import erase_rows
from tenants.db.residence import lock_of
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.events import control_event
from tenants.services.placing import preparing
from tenants.services.placing.jobs import PLANS, Step, begin


def deprovision(*, organization: Organization, later: bool = True) -> PlacementJob:
    """Close the organization at once; a job removes everything of it."""
    with transaction.atomic():
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


def _erase(job: PlacementJob) -> dict[str, Any] | None:
    """Rows and control plane, while nobody can write; whoever comes after finds no organization."""
    organization, placement = job.organization, job.source
    if organization is None or placement is None:
        return None  # done before the worker was cut off
    with owner_connection() as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [lock_of(organization.id)])
        gone = _rows(organization, placement)
        with use_tenant(organization.context), transaction.atomic():
            _total, by_model = Organization.objects.filter(id=organization.id).delete()
    job.organization = None
    return {"organization": str(organization.id), "rows": gone, "control": by_model}


def _rows(organization: Organization, placement: Placement) -> dict[str, int]:
    if placement.isolation != Isolation.ROW:
        preparing.unmake(placement, organization)
        return {}
    with owner_connection(placement.database) as connection:
        return erase_rows(connection, placement.schema_name, organization.id)


def _placement(job: PlacementJob) -> None:
    """A placement of its own goes with it; a pool stays."""
    if job.source is not None and job.source.isolation != Isolation.ROW:
        Placement.objects.filter(id=job.source.id).delete()
        job.source = None


def _cache(job: PlacementJob) -> dict[str, Any]:
    """Every key that names the organization: its cache, and what is left of streams."""
    key = job.report["organization"].replace("-", "")
    client = redis.Redis.from_url(settings.REDIS_URL)
    with client:
        found = list(client.scan_iter(match=f"*{key}*", count=1000))
        gone = sum(client.unlink(name) for name in found)
    return {"keys": gone}


STEPS = (Step("erase", _erase), Step("placement", _placement), Step("cache", _cache))
PLANS[PlacementJob.Kind.REMOVE] = lambda: STEPS
