"""The trail and the ledger, as the API tells them."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import msgspec

from audit.models import AuditEntry
from humana.api.shapes import Shape

#: What an entry is told of, in the order of `Entry`.
ENTRY_COLUMNS = (
    "id",
    "sequence",
    "at",
    "action",
    "actor_kind",
    "actor_id",
    "actor_label",
    "resource_type",
    "resource_id",
    "address",
    "agent",
    "request_id",
    "regulations",
    "keep_until",
    "encryption_required",
    "payload",
    "previous_hash",
    "hash",
)
#: The same, and the placement whose chain it is in.
COLUMNS = (*ENTRY_COLUMNS, "placement_id")


class Entry(Shape, frozen=True):
    """A line of the trail: who did what to which resource, when and from where. `hash` covers it all.

    Each placement has a chain of its own, which `sequence` and `previous_hash` belong to.
    """

    id: uuid.UUID
    sequence: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: uuid.UUID | None
    actor_label: str
    resource_type: str
    resource_id: str
    address: str
    agent: str
    request_id: str
    regulations: list[str]
    keep_until: datetime | None
    encryption_required: bool
    payload: msgspec.Raw
    previous_hash: str
    hash: str
    placement_id: uuid.UUID


class Usage(Shape, frozen=True):
    """What one answer used. Null tokens: the model did not say; null cost: not priced, never free.

    `price_source` says whose prices they were: `table` (of the endpoint), `genai-prices` (the vendors' lists)
    or `own` (a model of Humana's); `price_version` which state of them. Both empty where cost is null.
    """

    id: uuid.UUID
    created_at: datetime
    run_id: uuid.UUID
    companion_id: uuid.UUID
    member_id: uuid.UUID
    endpoint: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost: Decimal | None
    currency: str
    price_source: str
    price_version: str
    first_token_ms: int | None
    total_ms: int | None
    outcome: str


def entry(row: AuditEntry, placement_id: uuid.UUID) -> Entry:
    return entry_of([*(getattr(row, name) for name in ENTRY_COLUMNS), placement_id])


def entry_of(row: list[object] | tuple[object, ...]) -> Entry:
    """From the columns above; the payload is JSON already."""
    values = dict(zip(COLUMNS, row, strict=True))
    values["payload"] = msgspec.Raw(str(values["payload"]).encode())
    return Entry(*values.values())  # type: ignore[arg-type]
