"""PDF, by PDFium: the text of each page, in the order that it is written in."""

from __future__ import annotations

import re
from itertools import islice
from typing import BinaryIO

from pypdfium2 import PdfDocument, PdfiumError, PdfPage
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_PAGEOBJ_IMAGE, FPDFPage_CountObjects

from documents.extraction.contract import CannotRead
from documents.extraction.out import Enough, Out
from documents.extraction.readers.filled import begin, filled

#: How PDFium marks a hyphen at the end of a line that is none of the word's own.
_HYPHENS = re.compile(r"[\ufffe\x02](?:\r?\n)?")

#: Letters of a page that is a scan with something written upon it, at most; images of it that are looked at.
FEW_LETTERS, MOST_IMAGES = 400, 50


def read(file: BinaryIO, out: Out) -> None:
    document = opened(file)
    begin(document)
    count = len(document)
    for number in range(min(count, out.limits.pages)):
        text, seen = _text(document, number)
        out.section(f"page:{number + 1}", text)
        if seen:
            out.picture(number + 1, f"page:{number + 1}")
        out.done(number + 1, count)
    if count > out.limits.pages:
        raise Enough


def opened(file: BinaryIO) -> PdfDocument:
    """CannotRead where it asks for a password, or is none."""
    try:
        return PdfDocument(file)
    except PdfiumError as error:
        locked = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD
        raise CannotRead("locked" if locked else "damaged") from None


def _text(document: PdfDocument, number: int) -> tuple[str, bool]:
    """Of one page, and whether it is a picture. One that cannot be read costs no more than itself."""
    try:
        page = document[number]
    except PdfiumError:
        return "", False
    try:
        words = page.get_textpage()
        text = _HYPHENS.sub("", words.get_text_range())
        words.close()
        text = "\n\n".join(one for one in (text, filled(page)) if one.strip())
        return text, _is_picture(page, sum(not one.isspace() for one in text[: FEW_LETTERS * 4]))
    finally:
        page.close()


def _is_picture(page: PdfPage, letters: int) -> bool:
    """It has no text and yet something to see; or a stamp upon a scan, as programs for signing leave it."""
    if letters == 0:
        return bool(FPDFPage_CountObjects(page) > 0)
    if letters >= FEW_LETTERS:
        return False
    width, height = page.get_size()
    images = islice(page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=2), MOST_IMAGES)
    covered = sum(
        max(0.0, right - left) * max(0.0, top - bottom)
        for left, bottom, right, top in (one.get_bounds() for one in images)
    )
    return covered > width * height / 2
