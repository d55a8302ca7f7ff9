from __future__ import annotations

import uuid

from celery import shared_task

from companions.services import answering, beneficiaries, delivering, discovering, figures, knowledge, waking
from tenants.jobs import tenant_task


@tenant_task(waking.DELIVER)
def deliver(companion_id: str) -> None:
    delivering.deliver(uuid.UUID(companion_id))


@tenant_task(waking.DELIVER_TO_ALL)
def deliver_to_all(sent_id: str) -> None:
    delivering.deliver_to_all(uuid.UUID(sent_id))


@tenant_task(waking.ANSWER)
def answer_request(delivery_id: str) -> None:
    answering.answer_request(uuid.UUID(delivery_id))


@tenant_task(discovering.DISCOVER)
def discover_tools(tool_server_id: str) -> None:
    discovering.discover_if_there(uuid.UUID(tool_server_id))


@tenant_task(knowledge.EMBED_TASK)
def embed_knowledge(asset_id: str) -> None:
    knowledge.learn_meaning(uuid.UUID(asset_id))


@tenant_task(beneficiaries.RECOUNT_TASK)
def recount_capability(capability_id: str) -> None:
    beneficiaries.recount(uuid.UUID(capability_id))


@tenant_task(beneficiaries.RECOUNT_ALL_TASK)
def recount_capabilities() -> None:
    beneficiaries.recount_all()


@shared_task(name="companions.sweep_deliveries")
def sweep_deliveries() -> None:
    waking.sweep_deliveries()


@shared_task(name="companions.count_figures")
def count_figures() -> None:
    figures.count_everywhere()
