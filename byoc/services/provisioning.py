"""What the outside world has to do with an organization's beginning and end.

Set-up looks at the models and the monitoring that the organization will work with. What does not answer
is told in the job's report and holds nothing up: the organization can work, and its health says the rest.
Removal withdraws every endpoint first, so that nothing of ours asks a customer's servers any more; the
rows, with the sealed credentials, go with the organization.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from byoc import endpoints, gateway
from byoc.checking import check
from byoc.contracts import Kind
from byoc.models import Endpoint, Watch
from tenants.context import use_tenant
from tenants.models import Organization, PlacementJob


def look_at_models(job: PlacementJob) -> dict[str, Any]:
    """Which models it is offered, and how its own answer. Looks only, so it may be done again."""
    organization = _organization(job)
    with use_tenant(organization.context):
        offered = [card.name for card in gateway.offered()]
    return {"models": {"offered": offered, "well": _looked_at(organization, "llm")}}


def look_at_monitoring(job: PlacementJob) -> dict[str, Any]:
    """How its own monitoring answers; nothing where Humana's serves it."""
    return {"monitoring": {"well": _looked_at(_organization(job), "monitoring")}}


def withdraw_all(job: PlacementJob) -> dict[str, Any]:
    """No endpoint of the organization serves any more, and nobody looks after them."""
    organization = job.organization
    if organization is None:
        return {}  # done before the worker was cut off
    with use_tenant(organization.context), transaction.atomic():
        active = Endpoint.objects.filter(organization=organization, state=Endpoint.State.ACTIVE)
        number = active.update(state=Endpoint.State.READY)
        Watch.objects.filter(organization=organization).delete()
        endpoints.changed(organization.id)
    return {"withdrawn": job.report.get("withdrawn", 0) + number}


def _looked_at(organization: Organization, kind: Kind) -> dict[str, str]:
    """By name: empty where it is well, else a sentence."""
    guard = endpoints.guard_for(organization.id)
    specs = endpoints.active(organization.id, kind)
    return {one.name: check(one, guard).message for one in specs}


def _organization(job: PlacementJob) -> Organization:
    assert job.organization is not None
    return job.organization
