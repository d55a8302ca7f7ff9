"""What a file of the brand is, by its content. Pure: the first bytes in, a type out.

Nothing of a file is ever opened or shown by us; it is kept, and given out again as a file to keep. The
list says what a brand is made of, so that this is no place for programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
SVG = Media("image/svg+xml", (".svg",))
PDF = Media("application/pdf", (".pdf", ".ai"))
TTF = Media("font/ttf", (".ttf",))
OTF = Media("font/otf", (".otf",))
WOFF = Media("font/woff", (".woff",))
WOFF2 = Media("font/woff2", (".woff2",))
ASE = Media("application/x-adobe-ase", (".ase",))
ZIP = Media("application/zip", (".zip",))
TEXT = Media("text/plain", (".txt", ".md", ".csv", ".json", ".css", ".gpl", ".yaml", ".yml"))
_OOXML = "application/vnd.openxmlformats-officedocument"
#: Office documents are ZIP archives; which one is told by the ending.
OFFICE = (
    Media(f"{_OOXML}.wordprocessingml.document", (".docx",)),
    Media(f"{_OOXML}.wordprocessingml.template", (".dotx",)),
    Media(f"{_OOXML}.presentationml.presentation", (".pptx",)),
    Media(f"{_OOXML}.presentationml.template", (".potx",)),
    Media(f"{_OOXML}.spreadsheetml.sheet", (".xlsx",)),
    Media("application/vnd.oasis.opendocument.text", (".odt", ".ott")),
    Media("application/vnd.oasis.opendocument.presentation", (".odp", ".otp")),
    Media("application/vnd.oasis.opendocument.spreadsheet", (".ods", ".ots")),
)
_BEGINNINGS: tuple[tuple[bytes, Media], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"\x00\x01\x00\x00", TTF),
    (b"OTTO", OTF),
    (b"wOFF", WOFF),
    (b"wOF2", WOFF2),
    (b"ASEF", ASE),
)
_PROLOGUE = re.compile(
    r"(?:\s+|<\?xml[^>]{0,200}\?>|<!--.{0,2000}?-->|<!DOCTYPE\s+svg[^>\[]{0,300}>)", re.DOTALL
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def media_of(start: bytes, name: str) -> Media | None:
    """The type of a file that begins so; None for one that is not taken. An empty file has no type."""
    for beginning, media in _BEGINNINGS:
        if start.startswith(beginning):
            return media
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start.startswith(b"PK\x03\x04"):
        return _archive(start, name)
    return _written(start)


def _archive(start: bytes, name: str) -> Media:
    office = any(
        sign in start for sign in (b"[Content_Types].xml", b"_rels/", b"mimetypeapplication/vnd.oasis.")
    )
    fitting = (one for one in OFFICE if name.lower().endswith(one.endings))
    return next(fitting, ZIP) if office else ZIP


def _written(start: bytes) -> Media | None:
    """Text, or an image that is written as text. The last character may be cut."""
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(start) < LOOKED_AT or error.start < len(start) - 3:
            return None
        text = start[: error.start].decode("utf-8-sig")
    if not text.strip() or _UNSEEN.search(text):
        return None
    return SVG if _is_svg(text) else TEXT


def _is_svg(text: str) -> bool:
    at = 0
    while found := _PROLOGUE.match(text, at):
        at = found.end()
    return re.match(r"<(?:\w+:)?svg[\s>]", text[at : at + 40]) is not None
