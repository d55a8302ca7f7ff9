"""How long things took, as counts that add up: three buckets to each doubling. Pure."""

from __future__ import annotations

from collections.abc import Mapping

#: Where buckets end, in milliseconds: from 50 to over 20 minutes, each a quarter above the one before.
ENDS: tuple[int, ...] = tuple(round(50 * 2 ** (number / 3)) for number in range(45))


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """Milliseconds within which that share was done, evenly spread inside its bucket; None of nothing.

    Off by a quarter at the very most.
    """
    whole = sum(counts.values())
    if not whole:
        return None
    wanted, before = share * whole, 0
    for bucket in sorted(counts):
        if before + counts[bucket] >= wanted:
            low, high = edges(bucket)
            return round(low + (high - low) * (wanted - before) / counts[bucket])
        before += counts[bucket]
    return edges(max(counts))[1]


def edges(bucket: int) -> tuple[int, int]:
    """Where a bucket begins and ends; the last one has no end, and says where it begins."""
    low = ENDS[bucket - 1] if bucket else 0
    return low, ENDS[bucket] if bucket < len(ENDS) else low
