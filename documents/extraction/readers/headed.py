"""Markdown: it is text as it stands, in sections by its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from documents.extraction import encodings
from documents.extraction.out import Out
from documents.extraction.readers.plain import MOST, pieces

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S[^\n]*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def read(file: BinaryIO, out: Out) -> None:
    """Line by line; what stands between fences has no headings."""
    place, fence = "", ""
    gathered: list[str] = []
    for line in _lines(file):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        heading = None if fence else _HEADING.match(line)
        if heading or sum(map(len, gathered)) > MOST:
            out.section(place, "".join(gathered))
            gathered = []
        if heading:
            place = heading[2].rstrip("# \t")
        gathered.append(line)
    out.section(place, "".join(gathered))


def _lines(file: BinaryIO) -> Iterator[str]:
    for piece in pieces(encodings.texts(file)):
        yield from piece.splitlines(keepends=True)
