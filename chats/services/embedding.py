"""Vectors for a program: who asks, the organization's model, and its line in the ledger."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from audit.models import UsageEvent
from byoc import gateway
from byoc.contracts import EmbeddingAdapter, Embeddings, TextKind
from chats.permissions import WRITE
from chats.plans import CHARACTERS_PER_TOKEN
from humana.kernel.actor import Actor
from humana.kernel.errors import EndpointError
from humana.kernel.models import new_id
from tenants.context import TenantContext, use_tenant
from tenants.doors import by_key, require_of
from tenants.statements import insert, send
from tenants.transactions import tenant_atomic

#: Seconds that the vectors of one request may take.
PATIENCE = 60.0
#: No companion is asked for vectors: the line of the ledger names nobody.
NOBODY = uuid.UUID(int=0)
EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks where; nothing of it holds a connection."""

    context: TenantContext
    member_id: uuid.UUID
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
        return Asked(visitor.context, visitor.member.id, gateway.embedding())


async def ask_vectors(asked: Asked, texts: Sequence[str], kind: TextKind) -> Embeddings:
    """Raises EndpointError, also where it takes longer than a minute."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asked.adapter.embed(texts, kind)
    except TimeoutError:
        raise EndpointError("the vectors took too long", permanent=False, code="timeout") from None


def note_vectors(asked: Asked, found: Embeddings, texts: Sequence[str]) -> None:
    """What was used; not priced, since no table says what these cost."""
    line = UsageEvent(
        run_id=new_id(),
        companion_id=NOBODY,
        member_id=asked.member_id,
        endpoint=asked.adapter.spec.name,
        model=found.model,
        input_tokens=tokens_of(found, texts),
        output_tokens=0,
        outcome=EMBEDDED,
    )
    with use_tenant(asked.context), tenant_atomic():
        send(insert(line))


def tokens_of(found: Embeddings, texts: Sequence[str]) -> int:
    """As counted by the provider; an estimate where nobody counted."""
    if found.input_tokens is not None:
        return found.input_tokens
    return sum(map(len, texts)) // CHARACTERS_PER_TOKEN + len(texts)
