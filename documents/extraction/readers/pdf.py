"""PDF, by PDFium: the text of each page, in the order that it is written in."""

from __future__ import annotations

import re
from typing import BinaryIO

from pypdfium2 import PdfDocument, PdfiumError
from pypdfium2.raw import FPDF_ERR_PASSWORD

from documents.extraction.contract import CannotRead
from documents.extraction.out import Enough, Out

#: How PDFium marks a hyphen at the end of a line that is none of the word's own.
_HYPHENS = re.compile(r"[\ufffe\x02](?:\r?\n)?")


def read(file: BinaryIO, out: Out) -> None:
    document = _opened(file)
    count = len(document)
    for number in range(min(count, out.limits.pages)):
        out.section(f"page:{number + 1}", _text(document, number))
        out.done(number + 1, count)
    if count > out.limits.pages:
        raise Enough


def _opened(file: BinaryIO) -> PdfDocument:
    try:
        return PdfDocument(file)
    except PdfiumError as error:
        locked = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD
        raise CannotRead("locked" if locked else "damaged") from None


def _text(document: PdfDocument, number: int) -> str:
    """One page that cannot be read costs no more than itself."""
    try:
        page = document[number]
    except PdfiumError:
        return ""
    try:
        words = page.get_textpage()
        text = words.get_text_range()
        words.close()
    finally:
        page.close()
    return _HYPHENS.sub("", text)
