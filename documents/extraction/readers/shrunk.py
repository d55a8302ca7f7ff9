"""An image made grey, small and upright while it is taken apart, so that it never takes much memory."""

from __future__ import annotations

import math
from importlib import import_module
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from documents.extraction import media
from documents.extraction.contract import MIB, CannotRead

#: Points of a JPEG, which is made smaller while it is read.
MOST_OF_JPEG = 64_000_000
#: Bytes of an image's file; that taking it apart may hold at once, by what its head says.
LARGEST, MOST_HELD = 40 * MIB, 72 * MIB
#: Points of an image in a document that is looked at, and how high and wide it is, at least.
SMALLEST, LOWEST = 30_000, 40
#: Rows that are made grey at a time.
ROWS = 256
_KINDS = {
    media.PNG.type: "PNG",
    media.JPEG.type: "JPEG",
    media.WEBP.type: "WEBP",
    media.TIFF.type: "TIFF",
}
_PARTS = {
    "PNG": ("PngImagePlugin",),
    "JPEG": ("JpegImagePlugin", "MpoImagePlugin"),
    "WEBP": ("WebPImagePlugin",),
    "TIFF": (),
}
#: Bytes of a point as Pillow holds it, where it is not four; WebP is held three times over.
_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_OF_WEBP = 16
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Image.MAX_IMAGE_PIXELS = None  # each is judged here


def load(media_type: str) -> str:
    """All that images of this type need; afterwards no file can be opened. How Pillow calls the type."""
    kind = _KINDS[media_type]
    for name in (
        "ImageFile",
        "TiffImagePlugin",
        *_PARTS[kind],
    ):  # which way up it is stands there as in a TIFF
        import_module(f"PIL.{name}")
    return kind


class Plain:
    """A file that is read and nothing else: with its number, a library would ask the system for more."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def opened(file: BinaryIO | Plain, kind: str) -> Image.Image:
    """CannotRead where it is none, or larger than any that is taken apart."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > LARGEST:
        raise CannotRead("too_large")
    try:
        return Image.open(file, formats=(kind,))  # type: ignore[arg-type]
    except OSError as error:
        raise CannotRead("damaged") from error


def shrunk(image: Image.Image, most: int, beside: int = 0) -> Image.Image:
    """Grey, upright, on white, of so many points at most. Judged first, with what is held beside."""
    points = image.width * image.height
    if image.format == "JPEG" and points <= MOST_OF_JPEG:
        image.draft("L", _within(image.size, most))
    if _held(image, points) + beside > MOST_HELD:
        raise CannotRead("too_large")
    image.load()
    grey = _grey(image, _within(image.size, most))
    turned = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    return grey if turned is None else grey.transpose(turned)


def pasted(content: bytes, kind: str, most: int) -> Image.Image | None:
    """An image that stands in a document; None where it is a sign, too small for text."""
    with opened(BytesIO(content), kind) as image:
        if image.width * image.height < SMALLEST or min(image.size) < LOWEST:
            return None
        return shrunk(image, most, len(content))


def _within(size: tuple[int, int], most: int) -> tuple[int, int]:
    share = min(1.0, math.sqrt(most / max(1, size[0] * size[1])))
    return max(1, int(size[0] * share)), max(1, int(size[1] * share))


def _held(image: Image.Image, points: int) -> int:
    """Bytes that it will take; of a photo that is told in rounds, all of them are held until the last."""
    each = _OF_WEBP if image.format == "WEBP" else _BYTES.get(image.mode, 4)
    held = image.width * image.height * each
    if image.info.get("progressive"):
        parts = [across * down for _id, across, down, _table in image.layer]  # type: ignore[attr-defined]
        held += 2 * points * sum(parts) // max(1, *parts)
    return held


def _grey(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Some rows at a time: as a whole it would be there twice."""
    (width, height), share = size, image.height / size[1]
    grey = Image.new("L", size, 255)
    for top in range(0, height, ROWS):
        bottom = min(height, top + ROWS)
        first, last = int(top * share), min(image.height, math.ceil(bottom * share))
        rows = _on_white(image.crop((0, first, image.width, last)))
        box = (0, top * share - first, image.width, min(bottom * share - first, last - first))
        grey.paste(rows.resize((width, bottom - top), Image.Resampling.BOX, box=box), (0, top))
    return grey


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("L")
    seen = image.convert("LA") if image.mode in {"L", "LA"} else image.convert("RGBA")
    grey, opaque = seen.convert("L"), seen.getchannel("A")
    white = Image.new("L", grey.size, 255)
    white.paste(grey, mask=opaque)
    return white


def drafted(content: bytes, most: int) -> Image.Image:
    """A JPEG of a page, grey and made no smaller than this; its page says which way up it is."""
    with opened(BytesIO(content), "JPEG") as image:
        if image.mode not in {"L", "RGB"} or image.width * image.height > MOST_OF_JPEG:
            raise CannotRead("too_large")
        points = image.width * image.height
        image.draft("L", _within(image.size, most))
        if _held(image, points) > MOST_HELD:
            raise CannotRead("too_large")
        return image.copy()
