"""Readers: a document and where to say what is in it, in; nothing out. They run in the confined process.

What a reader needs is loaded by asking for it; afterwards no file can be opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from io import FileIO
from typing import BinaryIO

from documents.extraction import media
from documents.extraction.contract import CannotRead
from documents.extraction.out import Enough, Out

Read = Callable[[BinaryIO, Out], None]
_HERE = "documents.extraction.readers"
_READERS = {
    media.TEXT.type: "plain",
    media.CSV.type: "table",
    media.MARKDOWN.type: "headed",
    media.HTML.type: "page",
    media.PDF.type: "pdf",
    **dict.fromkeys((media.DOCX.type, media.DOTX.type), "word"),
    **dict.fromkeys((media.PPTX.type, media.POTX.type, media.PPSX.type), "slides"),
    **dict.fromkeys((media.XLSX.type, media.XLTX.type), "sheets"),
    media.ODT.type: "opened_text",
    media.ODS.type: "opened_sheets",
    media.ODP.type: "opened_slides",
}


def reader_of(media_type: str, numbers: Sequence[int] = (), canvas: Sequence[int] = ()) -> Read:
    """The reader for a type, with all it needs; with a canvas, what draws these pictures of it there."""
    if canvas:
        drawer: Read = import_module(f"{_HERE}.drawing").reader(media_type, numbers, *canvas)
        return drawer
    if media_type == media.DRAWN:
        recogniser: Read = import_module(f"{_HERE}.recogniser").reader()
        return recogniser
    found: Read = import_module(f"{_HERE}.{_READERS[media_type]}").read
    return found


def read(reader: Read, file: FileIO, out: Out) -> None:
    """Read to the end, or to where it is enough; say how it ended."""
    try:
        reader(file, out)
        out.end()
    except Enough:
        out.cut()
        out.end()
    except CannotRead as refusal:
        out.cannot(refusal.code)
    except (MemoryError, RecursionError):
        out.cannot("too_complex")
    except Exception:  # noqa: BLE001 - whatever a file makes of a reader, it is the file's
        out.cannot("damaged")
