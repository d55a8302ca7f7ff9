"""Vectors for a program: who asks, the organization's model, and its line in the ledger."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from audit.services.budgets import Whose
from audit.services.vectors import VectorRoom, hold_vectors
from byoc import gateway
from byoc.contracts import EmbeddingAdapter, Embeddings, TextKind
from chats.permissions import WRITE
from chats.signals import process_owner
from humana.kernel.actor import Actor
from humana.kernel.errors import EndpointError
from tenants.context import TenantContext, use_tenant
from tenants.doors import by_key, require_of

#: Seconds that the vectors of one request may take.
PATIENCE = 60.0
#: What is held for them is given back by itself so long after that, in seconds.
GRACE = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks where; nothing of it holds a connection."""

    context: TenantContext
    member_id: uuid.UUID
    team_id: uuid.UUID | None
    adapter: EmbeddingAdapter

    @property
    def model(self) -> str:
        """As its endpoint calls it."""
        return self.adapter.spec.model or self.adapter.spec.name


def open_embedding(*, token: str, seen_as: Actor) -> Asked:
    """For whoever may write: the same right as for asking a companion."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context):
        require_of(visitor, WRITE.name)
        return Asked(visitor.context, visitor.member.id, visitor.member.team_id, gateway.embedding())


async def ask_vectors(asked: Asked, texts: Sequence[str], kind: TextKind) -> Embeddings:
    """Raises EndpointError, also where it takes longer than a minute."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asked.adapter.embed(texts, kind)
    except TimeoutError:
        raise EndpointError("the vectors took too long", permanent=False, code="timeout") from None


def hold_for(asked: Asked, texts: Sequence[str]) -> VectorRoom:
    """Room in the budgets of whoever asks. Raises OverBudget."""
    whose = Whose(asked.member_id, asked.team_id, None)
    with use_tenant(asked.context):
        return hold_vectors(
            asked.adapter, texts, whose=whose, owner=process_owner(), seconds=int(PATIENCE) + GRACE
        )


def note_vectors(asked: Asked, room: VectorRoom, found: Embeddings | None) -> None:
    """What was used, once; None where whoever asked is gone and nobody heard the count."""
    with use_tenant(asked.context):
        room.settle(found)


def forget_vectors(asked: Asked, room: VectorRoom) -> None:
    """The model gave none."""
    with use_tenant(asked.context):
        room.release()
