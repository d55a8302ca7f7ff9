"""A page of a PDF as a grey picture, of bounded size whatever the page says."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import islice

from PIL import Image
from pypdfium2 import PdfBitmap, PdfDocument, PdfImage, PdfiumError, PdfPage
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from documents.extraction.contract import CannotRead
from documents.extraction.readers import shrunk

#: Points in an inch of a page.
PPI = 200
#: Images of one page that are made small first, and how large one is for that, in points.
MOST_IMAGES, LARGE = 50, 1_000_000
_JPEG = "DCTDecode"
Masked = set[tuple[int, int]] | None


def shown(document: PdfDocument, number: int, most: int, masked: Masked) -> Image.Image | None:
    """None where it cannot be shown. `masked` are images that stay as they are (`masks.masked`)."""
    try:
        page = document[number - 1]
    except PdfiumError:
        return None
    try:
        _lighten(page, most, masked)
        return _drawn(page, most)
    except (PdfiumError, ValueError):
        return None
    finally:
        page.close()


def _drawn(page: PdfPage, most: int) -> Image.Image:
    width, height = page.get_size()
    scale = min(PPI / 72, math.sqrt(most / max(width * height, 1)))
    drawn = page.render(scale=scale, grayscale=True, may_draw_forms=False)
    size, content = (drawn.width, drawn.height), bytes(drawn.buffer)
    drawn.close()
    return Image.frombytes("L", size, content, "raw", "L", drawn.stride)


def _lighten(page: PdfPage, most: int, masked: Masked) -> None:
    """PDFium takes an image apart whole and in colour, ten times its page: photos are made small first."""
    images = page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=2)
    for image in islice(images, MOST_IMAGES):
        if isinstance(image, PdfImage) and masked is not None and image.get_px_size() not in masked:
            with suppress(PdfiumError, CannotRead, OSError, ValueError):
                _replace(image, most)


def _replace(image: PdfImage, most: int) -> None:
    width, height = image.get_px_size()
    kinds = image.get_filters()
    if width * height < LARGE or kinds[-1:] != [_JPEG]:
        return
    left, bottom, right, top = image.get_bounds()
    seen = (right - left) * (top - bottom) * (PPI / 72) ** 2
    content = bytes(image.get_data(decode_simple=len(kinds) > 1))
    small = shrunk.drafted(content, max(1, min(int(seen), most)))
    image.set_bitmap(PdfBitmap.from_pil(small))
