"""Tables as text: CSV, with whichever sign between its cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from documents.extraction import encodings
from documents.extraction.out import Out
from documents.extraction.readers import plain
from documents.extraction.readers.plain import pieces
from documents.extraction.readers.rows import Rows

_SIGNS, LONGEST_LINE = ",;\t|", 32_000


def read(file: BinaryIO, out: Out) -> None:
    lines = _lines(file)
    first = next(lines, "")
    rows = Rows(out, "row:{}".format)
    sign = max(_SIGNS, key=first.count)
    try:
        for number, cells in enumerate(csv.reader(_again(first, lines), delimiter=sign), 1):
            rows.add(number, cells)
        rows.end()
    except csv.Error:  # a quote that never ends: no table, and a text all the same
        file.seek(0)
        plain.read(file, out)


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _lines(file: BinaryIO) -> Iterator[str]:
    """Lines of bounded length: what has no end is cut into some."""
    kept = ""
    for piece in pieces(encodings.texts(file)):
        lines = (kept + piece).splitlines(keepends=True)
        kept = ""
        if lines and not lines[-1].endswith(("\n", "\r")) and len(lines[-1]) < LONGEST_LINE:
            kept = lines.pop()
        yield from lines
    if kept:
        yield kept
