"""`python -m tests.benchmarks.tenancy`: every figure of tenancy, each part on a stage of its own.

A line per figure ends in `holds` or `falls short`; the last line counts them. What stock tools take
for hundreds of schemas is measured on a few and reckoned up; `FULL=1` measures all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests.benchmarks.stage import ROOT

PARTS = ("tenancy_migrate", "tenancy_reads", "tenancy_aliases", "tenancy_move")


def main() -> int:
    began = time.monotonic()
    told = [line for part in PARTS for line in _run(part)]
    held, short = (sum(line.endswith(word) for line in told) for word in ("holds", "falls short"))
    print(f"tenancy: {held} of {held + short} figures hold, in {time.monotonic() - began:.0f} s")
    return 1 if short else 0


def _run(part: str) -> list[str]:
    """The part's lines, shown as they come. A part that breaks is said, and counts as short."""
    full = {"SAMPLE": "100"} if os.environ.get("FULL") else {}
    command = [sys.executable, "-u", "-m", f"tests.benchmarks.{part}"]
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **full}
    ) as child:
        for line in child.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if not any(line.endswith(("holds", "falls short")) for line in lines):
        lines.append(f"{part} broke: falls short")
        print(lines[-1])
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
