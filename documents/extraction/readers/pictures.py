"""Text that is to be seen, not stored: on pages of a PDF, in images. Each page's place says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageFile, ImageOps, ImageSequence  # noqa: F401 - Pillow asks for ImageFile late
from pypdfium2 import PdfDocument, PdfiumError

from documents.extraction import media
from documents.extraction.contract import IMAGE, MIB, CannotRead
from documents.extraction.out import Enough, Out
from documents.extraction.readers.pdf import opened
from documents.extraction.readers.recogniser import Recogniser

#: Points of an image that are taken apart, of one that is made smaller while it is, and of what is looked at.
MOST_POINTS, MOST_OF_JPEG, MOST_SEEN = 20_000_000, 64_000_000, 9_000_000
#: Bytes of an image's file.
LARGEST = 40 * MIB
#: Points in an inch of a page; what is supposed of an image.
PPI = 200
_FORMATS = {
    media.PNG.type: "PNG",
    media.JPEG.type: "JPEG",
    media.WEBP.type: "WEBP",
    media.TIFF.type: "TIFF",
}
Image.MAX_IMAGE_PIXELS = None  # each is judged here


def reader(media_type: str, pages: Sequence[int]) -> Callable[[BinaryIO, Out], None]:
    """A reader of these pages of a PDF, or of an image with all of its pages."""
    recogniser = Recogniser()
    Image.init()
    if media_type == media.PDF.type:
        return lambda file, out: _pages(file, out, recogniser, pages)
    kind = _FORMATS[media_type]
    return lambda file, out: _image(file, out, recogniser, kind)


def _pages(file: BinaryIO, out: Out, recogniser: Recogniser, pages: Sequence[int]) -> None:
    document = opened(file)
    for done, number in enumerate(pages[: out.limits.pages], 1):
        seen = _seen(document, number)
        if seen is not None:
            out.section(f"page:{number}{IMAGE}", recogniser.text(seen, ppi=PPI))
        out.done(done, len(pages))
        out.in_time()
    if len(pages) > out.limits.pages:
        raise Enough


def _seen(document: PdfDocument, number: int) -> Image.Image | None:
    """A page as a grey picture, of bounded size whatever it says; None where it cannot be shown."""
    try:
        page = document[number - 1]
    except PdfiumError:
        return None
    try:
        width, height = page.get_size()
        area = max(width * height, 1)
        scale = min(PPI / 72, math.sqrt(MOST_SEEN / area))
        shown = page.render(scale=scale, grayscale=True, may_draw_forms=False)
        size, content = (shown.width, shown.height), bytes(shown.buffer)
        return Image.frombytes("L", size, content, "raw", "L", shown.stride)
    except (PdfiumError, ValueError):
        return None
    finally:
        page.close()


def _image(file: BinaryIO, out: Out, recogniser: Recogniser, kind: str) -> None:
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise CannotRead("too_large")
    with Image.open(BytesIO(content), formats=(kind,)) as image:
        count = getattr(image, "n_frames", 1) if kind == "TIFF" else 1
        for number, frame in enumerate(_frames(image, min(count, out.limits.pages)), 1):
            text = recogniser.text(_grey(frame), ppi=PPI)
            out.section(f"page:{number}{IMAGE}", text)
            out.done(number, count)
            out.in_time()
    if count > out.limits.pages:
        raise Enough


def _frames(image: Image.Image, most: int) -> Iterator[Image.Image]:
    for _number, frame in zip(range(most), ImageSequence.Iterator(image), strict=False):
        yield frame


def _grey(image: Image.Image) -> Image.Image:
    """Judged by the size it says it has before it is taken apart; upright, on white, as small as will do."""
    points = image.width * image.height
    if points > (MOST_OF_JPEG if image.format == "JPEG" else MOST_POINTS):
        raise CannotRead("too_large")
    if points > MOST_SEEN:
        share = math.sqrt(MOST_SEEN / points)
        wanted = (int(image.width * share), int(image.height * share))
        image.draft("L", wanted)
    grey = ImageOps.exif_transpose(_on_white(image))
    if grey.width * grey.height > MOST_SEEN:
        share = math.sqrt(MOST_SEEN / (grey.width * grey.height))
        grey = grey.resize((int(grey.width * share), int(grey.height * share)), Image.Resampling.BOX)
    return grey


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("L")
    seen = image.convert("LA") if image.mode in {"L", "LA"} else image.convert("RGBA")
    grey, opaque = seen.convert("L"), seen.getchannel("A")
    white = Image.new("L", grey.size, 255)
    white.paste(grey, mask=opaque)
    return white
