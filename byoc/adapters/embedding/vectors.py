"""From a provider's numbers to rows that may be compared."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from byoc.adapters.llm.errors import malformed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows: TypeAlias = NDArray[np.float32]

Numbers: TypeAlias = list[float] | str  # as JSON, or float32 packed in base64


def rows_of(vectors: Sequence[Numbers], wanted: int) -> Rows:
    """`wanted` rows of length 1, all as long. Raises EndpointError ("malformed")."""
    import numpy as np

    if len(vectors) != wanted:
        raise malformed(f"it gave {len(vectors)} vectors for {wanted} texts")
    try:
        rows = np.array([_unpacked(vector) for vector in vectors], dtype=np.float32)
    except (ValueError, TypeError, binascii.Error):
        raise malformed("its vectors are not all of one length") from None
    if rows.ndim != 2 or not rows.shape[1] or not np.isfinite(rows).all():
        raise malformed("its vectors are not numbers")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Rows = (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32, copy=False)
    return made


def _unpacked(vector: Numbers) -> Rows | list[float]:
    import numpy as np

    if isinstance(vector, str):
        return np.frombuffer(base64.b64decode(vector, validate=True), dtype="<f4")
    return vector
