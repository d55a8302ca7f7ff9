"""Tasks that work inside one organization.

A tenant task carries the organization in a signed header and its arguments as ids in JSON, which the
signature covers; it is refused without. `enqueue_on_commit` puts the work in the outbox with the change
itself; the message to the worker only wakes it.
"""

from __future__ import annotations

import functools
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from celery import Task, current_app, shared_task
from kombu.exceptions import OperationalError

from humana.kernel import ports
from humana.kernel.actor import Actor, acting_as
from humana.kernel.crypto import associated, derived_key, same, sign
from humana.kernel.errors import NoTenant
from tenants.context import TenantContext, current_tenant, peek_tenant, use_tenant, without_tenant
from tenants.queries import context_of, context_where
from tenants.services.pending import mark_pending
from tenants.telemetry import stamp
from tenants.transactions import on_tenant_commit

log = logging.getLogger(__name__)

ORGANIZATION, OUTBOX, SIGNATURE = "humana_organization", "humana_outbox", "humana_signature"
PLACEMENT = "humana_placement"
NAMED = (ORGANIZATION, OUTBOX, PLACEMENT)

#: Names of every tenant task, for the isolation matrix.
TENANT_TASKS: set[str] = set()


def headers_for(
    task: str,
    organization_id: uuid.UUID,
    arguments: Mapping[str, str],
    *,
    outbox_id: uuid.UUID | None = None,
    placement_id: uuid.UUID | None = None,
) -> dict[str, str]:
    """Headers that let a worker enter the organization and do this there; signed, so that a broker
    can neither invent them nor send them along with other arguments.

    `placement_id` is a further placement of the organization, where the work and its item are.
    """
    named = {ORGANIZATION: organization_id, OUTBOX: outbox_id or "", PLACEMENT: placement_id or ""}
    headers = {name: str(value) for name, value in named.items()}
    return {**headers, SIGNATURE: _signature(task, headers, arguments)}


def tenant_task(name: str, **options: Any) -> Callable[[Callable[..., None]], Any]:
    """A Celery task inside the organization of its header; settles its outbox item if it has one."""

    def decorate(body: Callable[..., None]) -> Any:
        TENANT_TASKS.add(name)

        @shared_task(bind=True, name=name, **options)  # type: ignore[untyped-decorator]
        @functools.wraps(body)
        def run(self: Task, **arguments: Any) -> None:
            context, outbox_id = _read(self, name, arguments)
            stamp(context)
            with use_tenant(context), acting_as(Actor(label=name, request_id=self.request.id or "")):
                if outbox_id is None:
                    body(**arguments)
                else:
                    ports.settle_outbox(outbox_id, lambda: body(**arguments))

        return run

    return decorate


def enqueue_on_commit(task: str, **arguments: Any) -> None:
    """Do `task` once, after the current transaction commits; never if it does not.

    Found in Celery's registry, so an unknown name fails here, and eager mode is honoured.
    """
    current_app.tasks[task]
    ids = {name: str(value) for name, value in arguments.items()}
    outbox_id = ports.put_in_outbox(task=task, arguments=ids)
    organization_id = current_tenant().organization_id
    mark_pending(organization_id, "outbox")
    on_tenant_commit(lambda: publish(task, organization_id, ids, outbox_id))


def publish(
    task: str, organization_id: uuid.UUID, arguments: dict[str, str], outbox_id: uuid.UUID | None
) -> None:
    """Wake a worker. A broker that is down loses nothing: the sweep publishes again."""
    here = peek_tenant()  # events of the control plane wake their relay from outside
    elsewhere = here.placement.id if here is not None and here.main is not None else None
    headers = headers_for(task, organization_id, arguments, outbox_id=outbox_id, placement_id=elsewhere)
    with without_tenant(reason="a task enters its organization by its own header"):
        try:
            current_app.tasks[task].apply_async(
                kwargs=arguments, headers=headers, ignore_result=True, retry=False
            )
        except OperationalError:
            log.warning("broker unreachable; the sweep will publish %s", task)


def _read(task: Task, name: str, arguments: Mapping[str, Any]) -> tuple[TenantContext, uuid.UUID | None]:
    headers = {key: str((task.request.headers or {}).get(key) or "") for key in (*NAMED, SIGNATURE)}
    if not headers[ORGANIZATION] or not same(headers[SIGNATURE], _signature(name, headers, arguments)):
        raise NoTenant(f"task {name} came without a signed organization")
    outbox, placement = headers[OUTBOX], headers[PLACEMENT]
    organization_id = uuid.UUID(headers[ORGANIZATION])
    context = (
        context_where(organization_id, uuid.UUID(placement)) if placement else context_of(organization_id)
    )
    return context, uuid.UUID(outbox) if outbox else None


def _signature(task: str, headers: Mapping[str, str], arguments: Mapping[str, Any]) -> str:
    """Over the task, what the headers name, and the arguments as JSON, however these are ordered."""
    told = json.dumps(arguments, sort_keys=True)
    return sign(associated(task, *(headers[name] for name in NAMED), told), key=derived_key("task"))
