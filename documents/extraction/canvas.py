"""Pictures on their way from the process that draws them to the one that looks at them. Pure.

Each is its width and height, then its points, one grey byte each; one that is not to be looked at is empty.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from documents.extraction.contract import CannotRead

#: Points of one picture; of one that took too much when it was larger.
MOST_SEEN, SMALL = 9_000_000, 3_500_000
_HEAD = struct.Struct(">II")
#: Bytes that so many pictures take at most.
EACH = _HEAD.size + MOST_SEEN


@dataclass(frozen=True, slots=True)
class Grey:
    width: int
    height: int
    points: bytes

    def turned(self) -> Grey:
        """By half a turn."""
        return Grey(self.width, self.height, self.points[::-1])


NOTHING = Grey(0, 0, b"")


def put(canvas: int, picture: Grey) -> None:
    for piece in (_HEAD.pack(picture.width, picture.height), picture.points):
        left = memoryview(piece)
        while left:
            left = left[os.write(canvas, left) :]


def taken(file: BinaryIO) -> Grey | None:
    """The next one; None at the end. CannotRead for what nobody who draws would say."""
    head = file.read(_HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise CannotRead("too_complex")
    width, height = _HEAD.unpack(head)
    points = file.read(width * height) if width * height <= MOST_SEEN else b""
    if len(points) != width * height:
        raise CannotRead("too_complex")
    return Grey(width, height, points)
