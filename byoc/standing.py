"""What stands in for what just now, as every process knows it within a second.

standing(organization_id)    by the id of the endpoint that is away; the platform's own for None, those of
                             the environment by their names
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from byoc.models import Failover
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant, without_tenant
from tenants.freshness import Fresh


@dataclass(frozen=True, slots=True)
class Standing:
    """One failover in effect. `by` is the id of what stands in, empty where nothing does."""

    failover: str
    endpoint: str
    by: str
    way: str
    since: datetime


def standing(organization_id: uuid.UUID | None) -> Mapping[str, Standing]:
    """No query where nothing changed."""
    return _known(organization_id)


def changed(organization_id: uuid.UUID | None) -> None:
    """In the transaction of a change of failovers."""
    _known.changed(organization_id)


def forget() -> None:
    """This process reads everything again."""
    _known.forget()


def _load(organization_id: uuid.UUID | None) -> Mapping[str, Standing]:
    if organization_id is None:
        with without_tenant(reason="failovers of the platform itself"):
            return _read(None)
    with use_tenant(TenantContext(organization_id, "", CONTROL_PLANE)):
        return _read(organization_id)


def _read(organization_id: uuid.UUID | None) -> Mapping[str, Standing]:
    rows = Failover.objects.filter(
        organization=organization_id, state__in=[Failover.State.ACTIVE, Failover.State.RETURNING]
    )
    return {
        str(row.endpoint_id or row.named): Standing(
            str(row.id),
            str(row.endpoint_id or row.named),
            str(row.to_endpoint_id or ""),
            row.way,
            row.began_at,
        )
        for row in rows
    }


_known: Fresh[Mapping[str, Standing]] = Fresh("failovers", _load)
