"""Pictures that say they are larger than they are, or look like more."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import Image

from tests.documents.making.papers import MIB, deflated


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def flood() -> bytes:
    """A PNG of 60,000 × 60,000 points: ten gigabytes, were it shown."""

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", deflated(MIB)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in parts)


def wide_png(side: int) -> bytes:
    """White, of one bit a point: some kilobytes."""
    row = b"\x00" + b"\xff" * (side // 8)
    packer = zlib.compressobj(9)
    content = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, part) for kind, part in ((b"IHDR", head), (b"IDAT", content), (b"IEND", b""))
    )


def tiff(*tags: tuple[int, int], after: int = 0, content: bytes = b"") -> bytes:
    """One page with these numbers, and where the page after it is said to be."""
    told = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + told + struct.pack("<I", after) + content


def grey(width: int, height: int, strip: int, length: int) -> tuple[tuple[int, int], ...]:
    return ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, strip), (277, 1), (278, height),
            (279, length))  # fmt: skip


def jpeg(side: int) -> bytes:
    """A photo that says it has so many points."""
    made = io.BytesIO()
    Image.new("L", (64, 64), 200).save(made, "JPEG")
    content = made.getvalue()
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", side, side) + content[at + 4 :]


def webp(side: int) -> bytes:
    made = io.BytesIO()
    Image.new("L", (16, 16), 200).save(made, "WEBP", lossless=True)
    content = made.getvalue()
    at = content.index(b"VP8L") + 9
    return content[:at] + struct.pack("<I", (side - 1) | (side - 1) << 14) + content[at + 4 :]


def noise(width: int, height: int) -> bytes:
    """A picture of nothing, which looks like very much."""
    made = io.BytesIO()
    Image.frombytes("L", (width, height), random.Random(1).randbytes(width * height)).save(made, "PNG")
    return made.getvalue()
