"""What adapters of embeddings on an SDK share: texts in batches, one deadline for each."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from byoc.adapters.embedding.vectors import rows_of
from byoc.adapters.llm.bound import Bound, names_in
from byoc.adapters.llm.errors import timed_out, translated
from byoc.adapters.llm.options import read_embedding_options
from byoc.contracts import Embeddings, EndpointSpec, TextKind
from byoc.contracts.words import marked as _
from humana.kernel import egress

if TYPE_CHECKING:
    from byoc.adapters.embedding.vectors import Numbers, Rows


class SDKEmbedding(Bound):
    """See `EmbeddingAdapter` for the contract."""

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        self._options = read_embedding_options(spec)
        super().__init__(spec, guard, self._options)

    @abstractmethod
    def _ask(self, sdk: Any, texts: list[str], kind: TextKind) -> Any:
        """A context manager for the raw response with the vectors of `texts`."""

    @abstractmethod
    def _read(self, body: bytes) -> tuple[list[Numbers], int | None]:
        """The vectors in that body, in the order of the texts, and the tokens counted."""

    def _names(self, listed: bytes) -> list[str]:
        return names_in(listed)

    async def embed(self, texts: Sequence[str], kind: TextKind = "passage") -> Embeddings:
        import numpy as np

        parts: list[Rows] = []
        tokens: int | None = None
        size = max(1, self._options.batch)
        for first in range(0, len(texts), size):
            batch = [self._sendable(text, kind) for text in texts[first : first + size]]
            vectors, counted = self._read(await self._fetched(batch, kind))
            parts.append(rows_of(vectors, len(batch)))
            tokens = counted if tokens is None else tokens + (counted or 0)
        rows = np.concatenate(parts) if parts else np.zeros((0, self._options.dimensions or 0), np.float32)
        return Embeddings(rows, self._spec.model, rows.shape[1], tokens)

    def _sendable(self, text: str, kind: TextKind) -> str:
        """With its prefix and without NUL; nothing at all is refused by most, a blank is not."""
        prefix = self._options.query_prefix if kind == "query" else self._options.passage_prefix
        return (prefix + text.replace("\0", "")) or " "

    async def _fetched(self, texts: list[str], kind: TextKind) -> bytes:
        client = await self._client()
        try:
            async with asyncio.timeout(self._options.total_seconds):
                async with self._ask(client.sdk, texts, kind) as response:
                    body: bytes = await response.aread()
                    return body
        except TimeoutError:
            sentence = _("%(name)s was not done after %(seconds)s seconds.")
            seconds = f"{self._options.total_seconds:g}"
            raise timed_out(self._spec.name, sentence, seconds=seconds) from None
        except client.errors as error:
            raise translated(error, self._spec, begun=False) from error
