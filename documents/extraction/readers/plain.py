"""A text with nothing around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from documents.extraction import encodings
from documents.extraction.out import Out

#: Characters that one section has at most.
MOST = 16_000


def read(file: BinaryIO, out: Out) -> None:
    for piece in pieces(encodings.texts(file)):
        out.section("", piece)


def pieces(texts: Iterable[str]) -> Iterator[str]:
    """The same text in pieces of a bounded size, between two lines where there are some."""
    kept = ""
    for text in texts:
        kept += text
        while len(kept) > MOST:
            at = kept.rfind("\n\n", 0, MOST) + 2
            at = at if at > MOST // 2 else kept.rfind("\n", 0, MOST) + 1
            at = at if at > MOST // 2 else MOST
            yield kept[:at]
            kept = kept[at:]
    if kept:
        yield kept
