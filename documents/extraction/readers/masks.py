"""Which images of a PDF have a mask: without it such an image says something else, or nothing.

PDFium does not tell. What an image is stands before it, as it is, in every PDF: only what is no stream may
be packed together with other things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

CHUNK, LONGEST, MARGIN = 1024 * 1024, 4_096, 32
_MASK = re.compile(rb"/S?Mask\s*[\d\[]")
_SIZE = {name: re.compile(rb"/" + name + rb"\s+(\d{1,9})\b(?!\s+\d+\s+R)") for name in (b"Width", b"Height")}


def masked(file: BinaryIO) -> set[tuple[int, int]] | None:
    """How wide and high they are; None where that is not to be seen, so that any image may be one."""
    found: set[tuple[int, int] | None] = set()
    file.seek(0)
    text = b" " * LONGEST
    while piece := file.read(CHUNK):
        text += piece
        found.update(_named(text, len(text) - LONGEST))
        text = text[-2 * LONGEST :]
    found.update(_named(text, len(text)))
    return None if None in found else {one for one in found if one}


def _named(text: bytes, end: int) -> Iterator[tuple[int, int] | None]:
    """In this text, but for its beginning, which is there to be looked back at."""
    for one in _MASK.finditer(text, LONGEST - MARGIN, end + MARGIN):
        yield _size(text, one.start())


def _size(text: bytes, at: int) -> tuple[int, int] | None:
    """Of the image whose description a mask is named in."""
    begins, ends = (
        text.rfind(b"obj", max(0, at - LONGEST + 2 * MARGIN), at),
        text.find(b"stream", at, at + LONGEST - 2 * MARGIN),
    )
    if begins < 0 or ends < 0:
        return None
    sizes = [one.search(text, begins, ends) for one in _SIZE.values()]
    return (int(sizes[0][1]), int(sizes[1][1])) if sizes[0] and sizes[1] else None
