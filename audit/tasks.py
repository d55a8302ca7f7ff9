from __future__ import annotations

from celery import shared_task

from audit.services import relay, sweep
from tenants.jobs import tenant_task


@tenant_task("audit.relay_control_events")
def relay_control_events() -> None:
    relay.relay_control_events()


@shared_task(name="audit.sweep")
def sweep_all() -> None:
    sweep.sweep()


@shared_task(name="audit.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    sweep.forget_idempotency_keys()
