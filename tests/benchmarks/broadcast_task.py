"""The usual way to reach many: a Celery task for each, which does for one all that is done for all."""

from __future__ import annotations

import os
import uuid

import django
from celery import Celery

django.setup()

app = Celery("broadcast", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 4


@app.task(name="broadcast.one")  # type: ignore[untyped-decorator]
def deliver_one(organization_id: str, message_id: str, companion_id: str) -> None:
    from django.utils import timezone

    from companions.models import CompanionMessage
    from companions.services.delivering import deliver
    from companions.services.numbering import put_in_inboxes
    from tenants.context import use_tenant
    from tenants.transactions import tenant_atomic

    with use_tenant(uuid.UUID(organization_id)):
        with tenant_atomic():
            message = CompanionMessage.objects.get(id=message_id)
            put_in_inboxes(message, [uuid.UUID(companion_id)], timezone.now())
        deliver(uuid.UUID(companion_id))
