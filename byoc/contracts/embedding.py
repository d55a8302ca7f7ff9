"""What every floor may know of embeddings: texts in, vectors out.

EmbeddingAdapter   a model that turns texts into vectors
Embeddings         the vectors of one call, and what they may be compared with
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from byoc.contracts.endpoint import EndpointSpec, Health

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TextKind: TypeAlias = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One row of `vectors` for each text, in order, of length 1: their product is the likeness.

    Only vectors of the same `model` and `dims` may be compared. `input_tokens` is None where the
    provider did not count.
    """

    vectors: NDArray[np.float32]
    model: str
    dims: int
    input_tokens: int | None = None


class EmbeddingAdapter(Protocol):
    """A model of embeddings behind an endpoint, or in this process."""

    @property
    def spec(self) -> EndpointSpec: ...

    async def embed(self, texts: Sequence[str], kind: TextKind = "passage") -> Embeddings:
        """The vectors of `texts`, asked for in as many requests as needed. Raises EndpointError.

        "query" is what is searched with, "passage" what is searched: some models tell them apart.
        """
        ...

    async def health(self) -> Health:
        """Probe the endpoint; costs a word's tokens where there is no other way. Never raises."""
        ...

    async def close(self) -> None:
        """Close the clients of the running loop; the adapter may be used again afterwards."""
        ...
