"""Scans and photos that people paste into documents and slides: read where they stand, once."""

from __future__ import annotations

import io
import re

import pytest
from docx import Document
from docx.shared import Inches
from openpyxl import Workbook
from openpyxl.drawing.image import Image
from pptx import Presentation

from documents.extraction import Limits, Section, extract
from documents.extraction.media import DOCX
from tests.documents.making.office import docx, opened, paragraph, pasted
from tests.documents.making.pictures import flood
from tests.documents.seen import RECEIPT, REPORT, picture, saved
from tests.documents.test_extraction import Kept, kept, type_of

__all__ = ["kept"]
pytestmark = pytest.mark.needs("tesseract")


def told(sections: list[Section]) -> list[tuple[str, str]]:
    return [(one.place, re.sub(r"\s*\n\s*", "\n", one.text)) for one in sections]


def report() -> io.BytesIO:
    return io.BytesIO(saved(picture(REPORT), "PNG"))


def letter() -> bytes:
    """As python-docx writes it: a page that was scanned, a slip in a table, the page again, and a logo."""
    made = Document()
    made.add_heading("Laudos", 1)
    made.add_paragraph("Antes")
    made.add_picture(report(), Inches(5))
    made.add_paragraph("Depois")
    made.add_heading("Recibos", 1)
    row = made.add_table(1, 2)
    row.cell(0, 0).text = "Recibo"
    slip = io.BytesIO(saved(picture(RECEIPT), "JPEG"))
    row.cell(0, 1).paragraphs[0].add_run().add_picture(slip, Inches(2))
    made.add_paragraph("Fim")
    made.add_picture(report(), Inches(2))
    made.add_picture(io.BytesIO(saved(picture("ACME").crop((40, 40, 240, 140)), "PNG")), Inches(1))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_a_scan_in_a_letter_is_read_where_it_stands_and_once(kept: Kept) -> None:
    done: list[tuple[int, int]] = []
    path = kept("a.docx", letter())
    with extract(path, type_of(path), progress=lambda *one: done.append(one)) as reading:
        found = told(list(reading))
    assert found == [
        ("Laudos", "# Laudos\nAntes"),
        ("Laudos:image", REPORT),
        ("Laudos", "Depois"),
        ("Recibos", "# Recibos\nRecibo"),
        ("Recibos:image", RECEIPT),
        ("Recibos", "Fim"),
    ]
    assert (reading.cut, reading.unread) == (False, None)
    assert done[-1] == (3, 3), "its two images and its logo"


def test_a_scan_on_a_slide_and_in_an_open_document_are_read_too(kept: Kept) -> None:
    show = Presentation()
    for title in ("Um", "Dois"):
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = title
    show.slides[0].shapes.add_picture(report(), 0, 0)
    out = io.BytesIO()
    show.save(out)
    path = kept("a.pptx", out.getvalue())
    assert told(list(extract(path, type_of(path)))) == [
        ("slide:1", "Um"), ("slide:1:image", REPORT), ("slide:2", "Dois")
    ]  # fmt: skip
    links = 'xmlns:x="http://www.w3.org/1999/xlink"'
    shown = f'<draw:frame><draw:image {links} x:href="Pictures/1.png"/></draw:frame>'
    content = f"<text:p>Antes {shown}</text:p><text:p>Depois</text:p>"
    path = kept("a.odt", opened(content, **{"Pictures/1.png": report().getvalue()}))
    assert told(list(extract(path, type_of(path)))) == [("", "Antes"), (":image", REPORT), ("", "Depois")]


def book() -> bytes:
    """As openpyxl writes it: two scans on one sheet, one on the next."""
    made = Workbook()
    first, second = made.active, made.create_sheet("Dois")
    first.title = "Um"
    for sheet, words in ((first, ("Exame", "Laudo", "Hemograma", "normal")), (second, ("a", "b", "c", "d"))):
        sheet.append(words[:2])
        sheet.append(words[2:])
    first.add_image(Image(report()), "D9")
    first.add_image(Image(io.BytesIO(saved(picture(RECEIPT), "JPEG"))), "B4")
    second.add_image(Image(report()), "A1")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_a_scan_on_a_sheet_is_read_at_the_row_that_it_lies_on(kept: Kept) -> None:
    path = kept("a.xlsx", book())
    assert told(list(extract(path, type_of(path)))) == [
        ("sheet:Um!A1", "Exame | Laudo\nHemograma | normal"),
        ("sheet:Um!A9:image", REPORT), ("sheet:Um!A4:image", RECEIPT),
        ("sheet:Dois!A1", "a | b\nc | d"),
        ("sheet:Dois!A1:image", REPORT),
    ]  # fmt: skip
    links = 'xmlns:x="http://www.w3.org/1999/xlink"'
    shown = f'<draw:frame><draw:image {links} x:href="Pictures/1.png"/></draw:frame>'
    cell = "<table:table-row><table:table-cell>{}</table:table-cell></table:table-row>".format
    content = f'<table:table table:name="Um">{cell("<text:p>Antes</text:p>")}{cell(shown)}</table:table>'
    path = kept("a.ods", opened(content, "spreadsheet", **{"Pictures/1.png": report().getvalue()}))
    assert told(list(extract(path, type_of(path)))) == [
        ("sheet:Um!A1", "Antes"), ("sheet:Um!A2:image", REPORT)
    ]  # fmt: skip


def test_what_cannot_be_looked_at_is_said_and_costs_no_more_than_itself(kept: Kept) -> None:
    """One too large, one of nothing, one outside, one that is not there; then more than are looked at."""
    path = kept("a.docx", pasted(flood(), b"", report().getvalue()))
    with extract(path, DOCX.type) as reading:
        assert told(list(reading)) == [("", "hello"), (":image", REPORT)]
    assert (reading.unread, reading.over) == ((1, "too_large"), False)
    path = kept("b.docx", pasted(*[report().getvalue()] * 3))
    with extract(path, DOCX.type, pictures=Limits(pages=1)) as reading:
        assert told(list(reading)) == [("", "hello"), (":image", REPORT)]
    assert (reading.unread, reading.over, reading.cut) == ((2, "too_slow"), True, True)


def test_a_heading_that_ends_like_a_place_of_an_image_is_a_heading(kept: Kept) -> None:
    heading = '<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>Note:image</w:t></w:r></w:p>'
    path = kept("a.docx", docx(heading + paragraph("hello")))
    assert [one.place for one in extract(path, DOCX.type)] == ["Note"]
