"""Texts as vectors, asked of the organization's own endpoint or of the model in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connections

from byoc import gateway
from byoc.contracts import Embeddings, TextKind
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

#: How long a question waits for its vector, in seconds: it is answered by words alone after that.
PATIENCE = 3.0
#: How much less alike than the nearest a passage may be. Models differ in what is alike: no fixed bound.
NEAR = 0.05


def vectors_of(
    texts: Sequence[str], kind: TextKind = "passage", *, seconds: float | None = None
) -> Embeddings:
    """The vectors; no connection to a database is held meanwhile, unless a transaction is open.

    Raises EndpointError, also where it takes longer than `seconds`.
    """
    adapter = gateway.embedding()
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


def vector_of_question(text: str) -> Embeddings | None:
    """The question's; None where there is none to be had, which is no reason not to answer."""
    try:
        return vectors_of([text], "query", seconds=PATIENCE)
    except EndpointError as error:
        log.info("a question is looked up by its words alone", extra={"error": error.code})
        return None


def nearest(question: NDArray, rows: Sequence[bytes]) -> list[int]:
    """The places of the rows near the nearest, that one first. Every one is looked at."""
    import numpy as np

    vectors = np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(rows), -1)
    likeness = vectors @ question
    order = np.argsort(-likeness, kind="stable")
    return [int(one) for one in order if likeness[one] >= likeness[order[0]] - NEAR]


def _let_go() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
