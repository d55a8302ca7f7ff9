"""Writing the trail: one entry per change, chained, as the last word of its transaction.

Entries are buffered through the transaction and appended just before it commits, so the head row
of a busy organization is locked for that moment only and never while other work runs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from audit.models import AuditEntry, AuditHead
from audit.services.chain import digest
from humana.kernel.actor import Actor, current_actor
from tenants.config.resolver import resolve_for
from tenants.config_keys import ENCRYPTION_LEVEL
from tenants.context import TenantContext, current_tenant
from tenants.statements import insert, select, send, update
from tenants.transactions import before_commit

#: How long each regulation asks a trail to be kept, in days; the longest one wins.
KEEP_DAYS = {"LGPD": 5 * 365, "GDPR": 3 * 365, "HIPAA": 6 * 365 + 2, "SOX": 7 * 365 + 2, "PCI": 365}
#: Nothing is kept for longer than this, in days, whatever an organization asks for.
MOST_DAYS = 100 * 365
#: Regulations under which the payload must be sealed.
SEALED_UNDER = frozenset({"HIPAA", "PCI"})


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, before it has a place in the chain."""

    action: str
    resource_type: str
    resource_id: str
    payload: str
    at: datetime
    actor: Actor
    source_id: uuid.UUID | None = None


class Head(NamedTuple):
    """Where the chain ends."""

    id: uuid.UUID
    sequence: int
    hash: str


def record_trail(
    *,
    action: str,
    resource_type: str,
    resource_id: object = "",
    payload: Mapping[str, Any] | None = None,
    actor: Actor | None = None,
    at: datetime | None = None,
    source_id: uuid.UUID | None = None,
) -> None:
    """Note that something happened, in the transaction of the change itself.

    `payload` holds names and ids that explain the change, never a person's text or a secret.
    """
    happening = Happening(
        action=action,
        resource_type=resource_type,
        resource_id=str(resource_id)[:64],
        payload=json.dumps(payload or {}, sort_keys=True, default=str, ensure_ascii=False),
        at=at or timezone.now(),
        actor=actor or current_actor(),
        source_id=source_id,
    )
    # Twice, so that entries come after every other last word: whoever holds the head waits for nobody.
    before_commit(lambda: before_commit(lambda: append(happening)))


def append(happening: Happening) -> None:
    """Put it at the end of the chain now, inside the current transaction."""
    head = locked_head()
    entry = _entry(happening, current_tenant(), head)
    send(insert(entry), update(AuditHead, {"sequence": entry.sequence, "hash": entry.hash}, id=head.id))


def locked_head() -> Head:
    """The end of the chain, ours alone until the transaction ends."""
    wanted = select(AuditHead, "id", "sequence", "hash", lock=True)
    (found,) = send(wanted)
    if not found:
        _made, found = send(insert(AuditHead(), once=True), wanted)
    return Head(*found[0])


def keep_until(tenant: TenantContext, moment: datetime) -> datetime | None:
    """The organization's own period or its regulations' longest; None keeps for good."""
    days = [KEEP_DAYS[name] for name in tenant.regulations if name in KEEP_DAYS]
    if tenant.retention_days is not None:
        days.append(tenant.retention_days)
    return moment + timedelta(days=min(max(days), MOST_DAYS)) if days else None


def _entry(happening: Happening, tenant: TenantContext, head: Head) -> AuditEntry:
    actor = happening.actor
    entry = AuditEntry(
        organization_id=tenant.organization_id,
        sequence=head.sequence + 1,
        at=happening.at,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label[:254],
        action=happening.action,
        resource_type=happening.resource_type,
        resource_id=happening.resource_id,
        address=actor.address[:64],
        agent=actor.agent[:256],
        request_id=actor.request_id[:64],
        regulations=list(tenant.regulations),
        keep_until=keep_until(tenant, happening.at),
        encryption_required=bool(SEALED_UNDER & set(tenant.regulations))
        or resolve_for(tenant.organization_id, ENCRYPTION_LEVEL) == "sealed",
        payload=happening.payload,
        source_id=happening.source_id,
        previous_hash=head.hash,
    )
    entry.hash = digest(entry)
    return entry
