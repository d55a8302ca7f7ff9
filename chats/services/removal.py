"""An organization is being removed: nobody answers for it any longer."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error

from chats.models import Run
from chats.signals import ask_to_stop
from humana.kernel.errors import HumanaError
from tenants.context import TenantContext, use_tenant
from tenants.models import PlacementJob
from tenants.queries import further_of

log = logging.getLogger(__name__)


def stop_answers(job: PlacementJob) -> dict[str, Any]:
    """Ask whoever makes an answer for the organization to stop; a step of its removal.

    A place that does not answer is passed over: an answer ends there when it is to be written.
    """
    if job.organization is None:
        return {}
    places = [job.organization.context, *further_of(job.organization.context)]
    return {"answers": sum(_stop_at(place) for place in places)}


def _stop_at(place: TenantContext) -> int:
    try:
        with use_tenant(place):
            live = list(Run.objects.filter(state__in=Run.LIVE).values_list("id", flat=True))
    except (Error, HumanaError) as error:
        log.warning(
            "answers at placement %s could not be stopped: %s", place.placement.id, type(error).__name__
        )
        return 0
    for run_id in live:
        ask_to_stop(place.organization_id, run_id)
    return len(live)
