"""Files that a backup took come back to the storage that is well again."""

from __future__ import annotations

import logging
import uuid

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from byoc.ledgers import inside
from byoc.models import Failover
from byoc.services import failover
from byoc.services.storages import copy_back
from humana.kernel.errors import HumanaError
from tenants.context import use_tenant
from tenants.services.placing.jobs import alone

log = logging.getLogger(__name__)

TASK = "byoc.bring_files_back"


def wake(organization_id: uuid.UUID, failover_id: uuid.UUID) -> None:
    """Ask a worker; where none can be asked the next sweep does."""
    try:
        given = {"organization_id": str(organization_id), "failover_id": str(failover_id)}
        current_app.tasks[TASK].apply_async(kwargs=given, retry=False)
    except OperationalError:
        log.warning("broker unreachable; the sweep will ask again", extra={"failover": str(failover_id)})


def bring_back(organization_id: uuid.UUID, failover_id: uuid.UUID) -> bool:
    """Copy back, let the storage serve, copy once more what came meanwhile; whether it is over now.

    Where the storage cannot take it yet, the next sweep asks again; nothing is copied twice.
    """
    with alone(failover_id) as mine, use_tenant(inside(organization_id)):
        rows = Failover.objects.select_related("endpoint", "to_endpoint")
        row = rows.filter(id=failover_id, state=Failover.State.RETURNING).first()
        if not mine or row is None:
            return False
        try:
            copy_back(organization_id, row.endpoint.role)
            with transaction.atomic():
                failover.end(row)
            copy_back(organization_id, row.endpoint.role)
        except HumanaError as error:
            log.warning("files could not be brought back yet: %s", error.code)
            return False
    return True


failover.RETURNS.add(Failover.Way.BACKUP, wake)
