"""What is done in the background for endpoints."""

from __future__ import annotations

import uuid

from celery import shared_task

from byoc.services import health, notices, returning, storages


@shared_task(name="byoc.sweep_health")  # type: ignore[untyped-decorator]
def sweep_health() -> None:
    health.sweep()


@shared_task(name="byoc.send_notices")  # type: ignore[untyped-decorator]
def send_notices() -> None:
    notices.send_due()


@shared_task(name="byoc.forget_old_probes")  # type: ignore[untyped-decorator]
def forget_old_probes() -> None:
    health.forget_old_probes()


@shared_task(name=storages.TASK, time_limit=None)  # type: ignore[untyped-decorator]
def copy_storage(copy_id: str) -> None:
    storages.work_on(uuid.UUID(copy_id))


@shared_task(name=returning.TASK, time_limit=None)  # type: ignore[untyped-decorator]
def bring_files_back(organization_id: str, failover_id: str) -> None:
    returning.bring_back(uuid.UUID(organization_id), uuid.UUID(failover_id))


@shared_task(name="byoc.wake_storage_copies")  # type: ignore[untyped-decorator]
def wake_storage_copies() -> None:
    storages.wake_all()
