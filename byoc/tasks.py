"""What is done in the background for endpoints."""

from __future__ import annotations

from celery import shared_task

from byoc.services import health, notices


@shared_task(name="byoc.sweep_health")  # type: ignore[untyped-decorator]
def sweep_health() -> None:
    health.sweep()


@shared_task(name="byoc.send_notices")  # type: ignore[untyped-decorator]
def send_notices() -> None:
    notices.send_due()


@shared_task(name="byoc.forget_old_probes")  # type: ignore[untyped-decorator]
def forget_old_probes() -> None:
    health.forget_old_probes()
