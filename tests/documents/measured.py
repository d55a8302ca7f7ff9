"""One file, read as the product reads it, from a small process: how it ended and what it took, as JSON.

    python -m tests.documents.measured FILE [SECONDS]

The growth of the process that asks and the peak of the one that reads, in bytes. A process that starts
another lends it its own peak, so the one that asks must be small.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from documents.extraction import LOOKED_AT, CannotRead, Limits, extract, recognise
from documents.extraction.contract import PICTURES


def measured(path: Path, seconds: float) -> dict[str, object]:
    with path.open("rb") as file:
        media = recognise(file.read(LOOKED_AT), path.name)
    before, begun = getrusage(RUSAGE_SELF).ru_maxrss, time.monotonic()
    end, characters, cut, longest = "unknown", 0, False, 0
    if media is not None:
        end = "nothing"
        reading = extract(
            path, media.type, limits=Limits(seconds=seconds), pictures=replace(PICTURES, seconds=seconds)
        )
        try:
            for section in reading:
                end, characters = "text", characters + len(section.text)
                longest = max(longest, len(section.text))
        except CannotRead as refusal:
            end = refusal.code
        cut = reading.cut
        if end == "nothing" and reading.unread is not None:
            end = reading.unread[1]
    return {
        "end": end,
        "characters": characters,
        "cut": cut,
        "longest": longest,
        "seconds": round(time.monotonic() - begun, 2),
        "grown": (getrusage(RUSAGE_SELF).ru_maxrss - before) * 1024,
        "peak": getrusage(RUSAGE_CHILDREN).ru_maxrss * 1024,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(Path(sys.argv[1]), float((sys.argv[2:] or ["60"])[0]))))
