"""A growing text as blocks of HTML, for readers who watch it being written.

Made for the event loop: what a whole answer costs is bounded by its length, whatever the model
writes. Code is shown plain meanwhile; its colours come with the finished message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from humana.rendering.citations import Cite
from humana.rendering.markdown import outline, rendered

#: (index of the block, its HTML, whether it is closed).
Change = tuple[int, SafeString, bool]
#: The open block is rendered again once it has grown by this part of itself. Short ones always are;
#: a text of n characters is rendered at most PART × n characters in all.
PART = 32
#: A longer open block is shown as it was written: some texts take quadratic time to render.
PLAIN_LIMIT = 8_000
#: What Markdown takes for the end of a line; str.splitlines knows more.
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_FENCE = re.compile(r"(`{3,}|~{3,})[^`\r\n]*\n")
#: What is nothing to look at before more of it is there: the head of a table, a formula without its end.
_HALF = re.compile(r" {0,3}(?:\|[^\r\n]*(?:\r\n?|\n)?[|:\- \t]*|\$\$(?:(?!\$\$)[\s\S])*\$?|\$)\Z")
#: A longer one is shown all the same.
HALF_LIMIT = 1_000


class BlockStream:
    """Feed it pieces; it says which blocks changed.

    A block is closed once a whole line of another stands after it: Markdown may still change the
    last one (a line below a paragraph can make it a heading), and a line that is not whole may yet
    belong to the one before ("2" begins a paragraph, "2. " goes on with a list). Link definitions
    that come later than their use stay as they were shown. A long open block lags a little behind,
    and half a table's head or formula waits for the other half; `finish` tells the rest.
    """

    def __init__(self, cites: Mapping[int, Cite] | None = None) -> None:
        self._cites = cites
        self._closed = 0
        self._open = ""
        self._shown = 0
        self._definitions: dict[str, Any] = {}

    def feed(self, delta: str) -> list[Change]:
        """What changed."""
        self._open += delta
        grown = len(self._open) - self._shown
        return self._changes() if grown * PART >= len(self._open) else []

    def finish(self) -> list[Change]:
        """What `feed` still held back."""
        return self._changes(waits=False) if self._shown < len(self._open) else []

    def _changes(self, *, waits: bool = True) -> list[Change]:
        *done, self._open = blocks(self._open)
        changed = [
            (self._closed + number, self._html(block, self._definitions), True)
            for number, block in enumerate(done)
        ]
        self._closed += len(done)
        held = waits and len(self._open) <= HALF_LIMIT and _HALF.match(self._open)
        self._shown = 0 if held else len(self._open)
        if self._open.strip() and not held:
            # What the open block defines is not kept: it may still become something else.
            changed.append((self._closed, self._html(self._open, dict(self._definitions)), False))
        return changed

    def _html(self, text: str, definitions: dict[str, Any]) -> SafeString:
        return rendered(text, definitions, cites=self._cites) if _is_light(text) else _as_written(text)


def blocks(text: str) -> list[str]:
    """The text cut where top-level blocks begin; the last piece is the open one."""
    lines = _LINE.findall(text)
    whole = len(lines) - (not text.endswith(("\n", "\r")))
    tokens = outline.parse("".join(lines[:whole]))
    starts = {token.map[0] for token in tokens if token.level == 0 and token.map and token.nesting >= 0}
    cuts = [0, *sorted(starts)[1:], len(lines)]
    return ["".join(lines[start:end]) for start, end in pairwise(cuts)]


def _is_light(text: str) -> bool:
    """Short, or code: that takes linear time, and only a last line can be anything else."""
    is_code = _FENCE.match(text) and len(text) - text.rfind("\n") <= PLAIN_LIMIT
    return len(text) <= PLAIN_LIMIT or bool(is_code)


def _as_written(text: str) -> SafeString:
    return mark_safe(f'<div class="as-written">{escape(text)}</div>')  # noqa: S308  escaped
