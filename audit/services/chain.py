"""The chain of the trail: what an entry's hash covers, and whether the chain still holds.

Each entry carries the hash of the one before it, and the head row says where the chain ends, so a
changed, missing, inserted or cut-off entry shows. A removed beginning must be explained by a
checkpoint: an entry of the chain that says up to where, signed with the installation's key, which
the database does not hold. What one database cannot show by itself is a chain that was cut *and*
its head set back; that needs anchors kept elsewhere.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db.models import Max

from audit.models import AuditEntry, AuditHead
from humana.kernel.crypto import associated, derived_key, same, sign
from tenants.context import current_tenant

#: The action of a checkpoint.
PURGED = "trail.purged"
#: Entries read at a time.
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`entries` were read and hold, up to the first bad one: `broken_at` is its sequence, or None."""

    entries: int
    broken_at: int | None = None
    why: str = ""

    @property
    def holds(self) -> bool:
        return self.broken_at is None


def verify() -> Verdict:
    """Read the current organization's whole trail, oldest first. Writing may go on meanwhile."""
    newest = AuditEntry.objects.aggregate(newest=Max("sequence"))["newest"] or 0
    head = AuditHead.objects.first()
    end, end_hash = (head.sequence, head.hash) if head else (0, "")
    if newest > end:
        return Verdict(0, end + 1, "there are entries past the end of the chain")
    read, previous = 0, None
    for entry in _up_to(end):
        why = _wrong(entry, previous)
        if why:
            return Verdict(read, previous.sequence + 1 if previous else entry.sequence, why)
        read, previous = read + 1, entry
    if (previous.sequence if previous else 0) != end:
        return Verdict(read, (previous.sequence if previous else 0) + 1, "the end of the chain is missing")
    if previous and previous.hash != end_hash:
        return Verdict(read, end, "the chain ends in another entry than it did")
    return Verdict(read)


def digest(entry: AuditEntry) -> str:
    """SHA-256 over every column that says something, each length-prefixed, and the previous hash."""
    told = [
        str(entry.id),
        str(entry.organization_id),
        str(entry.sequence),
        _moment(entry.at),
        entry.actor_kind,
        str(entry.actor_id or ""),
        entry.actor_label,
        entry.action,
        entry.resource_type,
        entry.resource_id,
        entry.address,
        entry.agent,
        entry.request_id,
        json.dumps(entry.regulations),
        _moment(entry.keep_until),
        str(entry.encryption_required),
        entry.payload,
        str(entry.source_id or ""),
        entry.previous_hash,
    ]
    return sha256(associated(*told)).hexdigest()


def checkpoint(last: AuditEntry, removed: int, reason: str) -> dict[str, Any]:
    """What a checkpoint says: everything up to and including `last` has left the trail."""
    organization_id = current_tenant().organization_id
    return {
        "through": last.sequence,
        "hash": last.hash,
        "removed": removed,
        "reason": reason,
        "signature": _signature(organization_id, last.sequence, last.hash),
    }


def _up_to(end: int) -> Iterator[AuditEntry]:
    reached = 0
    while chunk := list(
        AuditEntry.objects.filter(sequence__gt=reached, sequence__lte=end).order_by("sequence")[:CHUNK]
    ):
        yield from chunk
        reached = chunk[-1].sequence


def _wrong(entry: AuditEntry, previous: AuditEntry | None) -> str:
    """What is wrong with an entry, given the one before it."""
    if previous is None and not _is_a_beginning(entry):
        return "the beginning of the chain is missing, and no checkpoint explains it"
    if previous is not None and entry.sequence != previous.sequence + 1:
        return "entries are missing"
    if previous is not None and entry.previous_hash != previous.hash:
        return "the entry does not continue the one before it"
    return "" if same(entry.hash, digest(entry)) else "the entry was changed after it was written"


def _is_a_beginning(entry: AuditEntry) -> bool:
    if entry.sequence == 1:
        return entry.previous_hash == ""
    checkpoints = AuditEntry.objects.filter(action=PURGED).order_by("-sequence")
    return any(_explains(one.payload, entry) for one in checkpoints)


def _explains(payload: str, first: AuditEntry) -> bool:
    try:
        told = json.loads(payload)
        through, last_hash = told["through"], told["hash"]
    except (ValueError, TypeError, KeyError):
        return False
    if through != first.sequence - 1 or last_hash != first.previous_hash:
        return False
    expected = _signature(first.organization_id, through, last_hash)
    return same(str(told.get("signature", "")), expected)


def _signature(organization_id: uuid.UUID, through: int, last_hash: str) -> str:
    return sign(associated("purged", str(organization_id), str(through), last_hash), key=derived_key("trail"))


def _moment(value: datetime | None) -> str:
    """The same text for the same moment, in whatever zone it was given."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if value else ""
