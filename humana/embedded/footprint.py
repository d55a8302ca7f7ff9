"""Memory of everything a running `make up` started, shared pages counted once (PSS).

python -m humana.embedded.footprint
"""

from __future__ import annotations

import sys
from pathlib import Path

from humana import env
from humana.kernel.errors import HumanaError, Misconfigured

PROC = Path("/proc")


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it just ended
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def proportional_kb(pid: int) -> int:
    """PSS in kB; 0 for a process that just ended."""
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except PermissionError:
        raise Misconfigured(f"process {pid} runs as another user: try again as root.") from None
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def title(pid: int) -> str:
    """What the process is, in a few words."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return "?"
    text = [Path(words[0].decode("utf-8", "replace")).name]
    text += [word.decode("utf-8", "replace") for word in words[1:] if not word.startswith(b"/")]
    return " ".join(text)[:60]


def main() -> int:
    try:
        launcher = int(env.required("HUMANA_LAUNCHER", "nothing runs here, start `make up`"))
        if env.text("HUMANA_STATE") == "stopped" or not (PROC / str(launcher)).exists():
            raise Misconfigured("Nothing runs here: start `make up`.")
        sizes = [(proportional_kb(pid), pid) for pid in tree(launcher)]
    except HumanaError as error:
        print(error, file=sys.stderr)
        return 1
    for size, pid in sorted(sizes, reverse=True):
        print(f"{size / 1024:8.1f} MB  {pid:>7}  {title(pid)}")
    print(f"{sum(size for size, _ in sizes) / 1024:8.1f} MB  in {len(sizes)} processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
