from __future__ import annotations

import uuid

from celery import shared_task

from chats.services import forgetting
from chats.services.sweeping import sweep_runs as sweep
from chats.services.titles import make_title
from chats.services.words import catch_up
from tenants.jobs import enqueue_on_commit, tenant_task
from tenants.transactions import tenant_atomic


@tenant_task("chats.title")
def title(chat_id: str) -> None:
    make_title(uuid.UUID(chat_id))


@tenant_task("chats.index_words")
def index_words() -> None:
    """What search does not know yet; as long as there is some, another one follows."""
    if catch_up():
        with tenant_atomic():
            enqueue_on_commit("chats.index_words")


@tenant_task(forgetting.FORGET)
def forget_quotes(document_id: str) -> None:
    forgetting.forget_everywhere(uuid.UUID(document_id))


@shared_task(name="chats.sweep_runs")
def sweep_runs() -> None:
    sweep()
