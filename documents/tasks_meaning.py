from __future__ import annotations

from celery import shared_task

from documents.services import renewing
from tenants.jobs import tenant_task


@tenant_task(renewing.RENEW)
def renew_meaning() -> None:
    renewing.renew()


@tenant_task(renewing.LOOK_AGAIN)
def look_again() -> None:
    renewing.look_again()


@shared_task(name="documents.sweep_meaning")
def sweep_meaning() -> None:
    renewing.sweep()


@shared_task(name="documents.look_for_meaning")
def look_for_meaning() -> None:
    renewing.look_everywhere()
