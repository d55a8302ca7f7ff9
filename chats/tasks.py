from __future__ import annotations

import uuid

from celery import shared_task

from chats.services.sweeping import sweep_runs as sweep
from chats.services.titles import make_title
from tenants.jobs import tenant_task


@tenant_task("chats.title")
def title(chat_id: str) -> None:
    make_title(uuid.UUID(chat_id))


@shared_task(name="chats.sweep_runs")
def sweep_runs() -> None:
    sweep()
