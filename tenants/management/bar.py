"""A progress bar for commands: one line on a terminal, nothing elsewhere."""

from __future__ import annotations

from django.core.management.base import OutputWrapper

#: The bar's length in characters, and what clears the line it is in.
LENGTH, WIPE = 30, "\r\x1b[K"


def draw(stream: OutputWrapper, done: int, total: int, label: str = "") -> None:
    """Redraw the bar; `label` stands behind the numbers."""
    if not stream.isatty():
        return
    full = LENGTH * done // max(total, 1)
    stream.write(f"{WIPE}[{'█' * full}{'·' * (LENGTH - full)}] {done}/{total} {label}".rstrip(), ending="")
    stream.flush()


def wipe(stream: OutputWrapper) -> str:
    """What to begin a line with that takes the bar's place."""
    return WIPE if stream.isatty() else ""
