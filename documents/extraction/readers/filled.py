"""What was filled into the form of a PDF, which stands beside the text of its pages. Nothing of it is run."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Any

from pypdfium2 import PdfDocument, PdfiumError, PdfPage
from pypdfium2 import raw as pdfium

#: Fields of one page that are looked at; characters of a value, of a name.
MOST, LONGEST, LONGEST_NAME = 2_000, 10_000, 200
_TICKED = {pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON}
_FILLED = {
    pdfium.FPDF_FORMFIELD_TEXTFIELD,
    pdfium.FPDF_FORMFIELD_COMBOBOX,
    pdfium.FPDF_FORMFIELD_LISTBOX,
}


def begin(document: PdfDocument) -> None:
    """Before any page is opened: PDFium finds its fields only then. Without a form it costs nothing."""
    if document.get_formtype() != pdfium.FORMTYPE_NONE:
        with suppress(PdfiumError):
            document.init_forms()


def filled(page: PdfPage) -> str:
    """Lines such as `Name: value`, of the fields of a page that say something."""
    if page.formenv is None:
        return ""
    count = min(pdfium.FPDFPage_GetAnnotCount(page), MOST)
    lines = (_line(page.formenv, page, number) for number in range(count))
    return "\n".join(line for line in lines if line)


def _line(form: Any, page: PdfPage, number: int) -> str:
    note = pdfium.FPDFPage_GetAnnot(page, number)
    if not note:
        return ""
    try:
        if pdfium.FPDFAnnot_GetSubtype(note) != pdfium.FPDF_ANNOT_WIDGET:
            return ""
        value = _value(form, note)
        name = _said(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, note, LONGEST_NAME)
        name = name or _said(pdfium.FPDFAnnot_GetFormFieldName, form, note, LONGEST_NAME)
        return f"{name}: {value}" if value and name else value
    finally:
        pdfium.FPDFPage_CloseAnnot(note)


def _value(form: Any, note: Any) -> str:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, note)
    if kind in _TICKED and pdfium.FPDFAnnot_IsChecked(form, note):
        return _said(pdfium.FPDFAnnot_GetFormFieldExportValue, form, note, LONGEST_NAME) or "x"
    return _said(pdfium.FPDFAnnot_GetFormFieldValue, form, note, LONGEST) if kind in _FILLED else ""


def _said(ask: Any, form: Any, note: Any, most: int) -> str:
    """PDFium says how many bytes it has to say, and then says them in UTF-16."""
    size = min(ask(form, note, None, 0), 16 * most)
    if size <= 2:
        return ""
    room = (ctypes.c_ushort * (size // 2 + 1))()
    ask(form, note, room, size)
    return bytes(room).decode("utf-16-le", "ignore").partition("\x00")[0].strip()[:most]
