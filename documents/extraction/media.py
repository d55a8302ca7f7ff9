"""What a file is, by its content. Pure: the first bytes in, a type out.

The name only chooses between types whose content is alike: Markdown is a text, a template is a document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from documents.extraction import encodings

#: How many of the first bytes are looked at.
LOOKED_AT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Media:
    """A type with the endings its files have; the first is given to a name that has none of them."""

    type: str
    endings: tuple[str, ...]

    def named(self, name: str) -> str:
        """The name with an ending that fits: what is an image is never kept as `logo.exe`."""
        return name if name.lower().endswith(self.endings) else f"{name}{self.endings[0]}"


PNG = Media("image/png", (".png",))
JPEG = Media("image/jpeg", (".jpg", ".jpeg"))
GIF = Media("image/gif", (".gif",))
WEBP = Media("image/webp", (".webp",))
TIFF = Media("image/tiff", (".tif", ".tiff"))
SVG = Media("image/svg+xml", (".svg",))
PDF = Media("application/pdf", (".pdf", ".ai"))
TTF = Media("font/ttf", (".ttf",))
OTF = Media("font/otf", (".otf",))
WOFF = Media("font/woff", (".woff",))
WOFF2 = Media("font/woff2", (".woff2",))
ASE = Media("application/x-adobe-ase", (".ase",))
ZIP = Media("application/zip", (".zip",))
TEXT = Media("text/plain", (".txt", ".md", ".csv", ".json", ".css", ".gpl", ".yaml", ".yml", ".log", ".tsv"))
MARKDOWN = Media("text/markdown", (".md", ".markdown"))
CSV = Media("text/csv", (".csv", ".tsv"))
HTML = Media("text/html", (".html", ".htm", ".xhtml"))
#: Office documents of before 2007, and every office document with a password.
OLE = Media("application/x-ole-storage", (".doc", ".xls", ".ppt", ".docx", ".xlsx", ".pptx", ".msg"))
#: Programs in a document (`.docm`) make it no other type: they are not looked at, and never run.
_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = Media(f"{_OOXML}.wordprocessingml.document", (".docx", ".docm"))
DOTX = Media(f"{_OOXML}.wordprocessingml.template", (".dotx",))
PPTX = Media(f"{_OOXML}.presentationml.presentation", (".pptx", ".pptm"))
POTX = Media(f"{_OOXML}.presentationml.template", (".potx",))
PPSX = Media(f"{_OOXML}.presentationml.slideshow", (".ppsx",))
XLSX = Media(f"{_OOXML}.spreadsheetml.sheet", (".xlsx", ".xlsm"))
XLTX = Media(f"{_OOXML}.spreadsheetml.template", (".xltx",))
ODT = Media("application/vnd.oasis.opendocument.text", (".odt", ".ott"))
ODP = Media("application/vnd.oasis.opendocument.presentation", (".odp", ".otp"))
ODS = Media("application/vnd.oasis.opendocument.spreadsheet", (".ods", ".ots"))
#: The folder that gives an office document away, and what may be in it; the first is the usual one.
_FOLDERS: tuple[tuple[bytes, tuple[Media, ...]], ...] = (
    (b"word/", (DOCX, DOTX)),
    (b"ppt/", (PPTX, POTX, PPSX)),
    (b"xl/", (XLSX, XLTX)),
)
_OPEN = (ODT, ODP, ODS)
OFFICE = (*(one for _folder, kinds in _FOLDERS for one in kinds), *_OPEN)
_BEGINNINGS: tuple[tuple[bytes, Media], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"%PDF-", PDF),
    (b"\x00\x01\x00\x00", TTF),
    (b"OTTO", OTF),
    (b"wOFF", WOFF),
    (b"wOF2", WOFF2),
    (b"ASEF", ASE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
)
#: Types whose text is read, and images, which are shown as they are.
READ = frozenset(one.type for one in (PDF, *OFFICE, TEXT, MARKDOWN, CSV, HTML))
SHOWN = frozenset(one.type for one in (PNG, JPEG, GIF, WEBP, SVG))
#: Pictures that may have text to be read, where the machine can.
PICTURES = frozenset(one.type for one in (PNG, JPEG, WEBP, TIFF))
#: Documents that may have such pictures in them.
HAVE_PICTURES = frozenset(one.type for one in (PDF, *OFFICE))
#: Inside of reading: pictures that were drawn to be looked at, of whatever document.
DRAWN = "pictures"
_PROLOGUE = re.compile(
    r"(?:\s+|<\?xml[^>]{0,200}\?>|<!--.{0,2000}?-->|<!DOCTYPE\s+svg[^>\[]{0,300}>)", re.DOTALL
)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|title)\b", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9]{0,10}[\s>/]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_taken(media: Media) -> bool:
    """It may become a document: its text is read, or it is an image."""
    return media.type in READ | SHOWN | PICTURES


def recognise(start: bytes, name: str) -> Media | None:
    """The type of a file that begins so; None for one that is not known. An empty file has no type."""
    for beginning, media in _BEGINNINGS:
        if start.startswith(beginning):
            return media
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start.startswith(b"PK\x03\x04"):
        return _archive(start, name)
    return _written(start, name)


def _archive(start: bytes, name: str) -> Media:
    """Office documents are ZIP archives: what is in one says which it is, a template says so itself."""
    for media in _OPEN:
        if start[30 : 38 + len(media.type)] == b"mimetype" + media.type.encode():
            return media
    inside = [part[26:] for part in start.split(b"PK\x03\x04")[1:]]
    for folder, kinds in _FOLDERS:
        if any(part.startswith(folder) for part in inside):
            return _ending(kinds, name) or kinds[0]
    known = any(part.startswith((b"[Content_Types].xml", b"_rels/")) for part in inside)
    return (_ending(OFFICE, name) if known else None) or ZIP


def _ending(kinds: tuple[Media, ...], name: str) -> Media | None:
    return next((one for one in kinds if name.lower().endswith(one.endings)), None)


def _written(start: bytes, name: str) -> Media | None:
    """Text, or an image that is written as text. The last character may be cut."""
    text = encodings.as_text(start, whole=len(start) < LOOKED_AT)
    if text is None or not text.strip() or _UNSEEN.search(text):
        return None
    if _is_svg(text):
        return SVG
    if _is_page(text, name):
        return HTML
    return _ending((MARKDOWN, CSV), name) or TEXT


def _is_svg(text: str) -> bool:
    return re.match(r"<(?:\w+:)?svg[\s>]", text[_prologue(text) :][:40]) is not None


def _is_page(text: str, name: str) -> bool:
    """It begins like one, or is called one and has a tag."""
    if _PAGE.match(text, _prologue(text)):
        return True
    return name.lower().endswith(HTML.endings) and _TAG.search(text) is not None


def _prologue(text: str) -> int:
    at = 0
    while found := _PROLOGUE.match(text, at):
        at = found.end()
    return at
