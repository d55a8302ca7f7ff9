"""Texts as vectors, asked of the organization's own endpoint or of the model in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from django.db import connections

from byoc import gateway
from byoc.contracts import Embeddings, TextKind
from humana.kernel.errors import EndpointError

#: How long a question waits for its vector, in seconds: it is answered by words alone after that.
PATIENCE = 3.0
#: How much less alike than the nearest a passage may be. Models differ in what is alike: no fixed bound.
NEAR = 0.05


def model_key(model: str, dims: int) -> str:
    """What vectors are kept under: only those of one key are compared."""
    return f"{model[:100]}/{dims}"


def model_now() -> str:
    """The name of the model that texts are asked of here."""
    return gateway.embedding().spec.model


def vectors_of(
    texts: Sequence[str], kind: TextKind = "passage", *, seconds: float | None = None, model: str = ""
) -> Embeddings:
    """The vectors; no connection to a database is held meanwhile, unless a transaction is open.

    Of that model, or of the one in use. Raises EndpointError, also where it takes longer than `seconds`.
    """
    adapter = gateway.embedding(model)
    _let_go()

    async def ask() -> Embeddings:
        try:
            async with asyncio.timeout(seconds):
                return await adapter.embed(texts, kind)
        except TimeoutError:
            raise EndpointError("the vectors took too long", permanent=False, code="timeout") from None
        finally:
            await adapter.close()

    return asyncio.run(ask())


def _let_go() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
