"""How a text is written: UTF-8, UTF-16, or as Windows does in the West. Pure.

Portuguese in an old file is Windows-1252, and guessing finer mistakes short texts for other languages'.
A text that is mostly other bytes than ASCII and not UTF-8 is none that we know.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

CHUNK = 64 * 1024
#: The share of bytes above ASCII that a Western text has at most, and how many a very short one may have.
MOST_MARKS, FEW = 0.3, 4
WINDOWS = "windows-1252"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: What a page may say of itself, and what it then is.
_CALLED = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": WINDOWS, "ascii": WINDOWS, "iso-8859-1": WINDOWS,
    "latin1": WINDOWS, "windows-1252": WINDOWS, "cp1252": WINDOWS, "iso-8859-15": "iso8859-15",
    "iso-8859-2": "iso8859-2", "windows-1250": "cp1250", "windows-1251": "cp1251", "koi8-r": "koi8-r",
    "iso-8859-7": "iso8859-7", "windows-1253": "cp1253", "windows-1254": "cp1254", "shift_jis": "cp932",
    "euc-jp": "euc-jp", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5",
    "euc-kr": "cp949",
}  # fmt: skip
_SAYS = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:-]{2,30})""", re.IGNORECASE)


def as_windows(error: UnicodeError) -> tuple[str, int]:
    """For `decode`: bytes that are no UTF-8 are read as Windows has them. Both are met in one file."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("humana.windows", as_windows)


def load() -> None:
    """Have every encoding at hand, those of names in archives too: later no file can be opened."""
    for encoding in {*_CALLED.values(), *(one for _mark, one in _MARKS), "utf-16-le", "utf-16-be", "cp437"}:
        codecs.lookup(encoding)


def as_text(start: bytes, *, whole: bool) -> str | None:
    """The beginning of a text; None for what is none. Where it is not `whole`, its end may be cut."""
    encoding = _marked(start)
    if encoding:
        return codecs.getincrementaldecoder(encoding)("replace").decode(start)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(start, whole)
    except UnicodeDecodeError:
        marks = sum(byte > 0x7F for byte in start)
        text = start.decode("utf-8", "humana.windows")
        return text if marks <= MOST_MARKS * len(start) + FEW and "\ufffd" not in text else None


def texts(file: BinaryIO, *, says: bool = False) -> Iterator[str]:
    """The whole text, piece by piece. What it `says` of its encoding counts, where it is a page."""
    start = file.read(CHUNK)
    encoding = _marked(start) or (_said(start) if says else None) or "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("humana.windows" if encoding == "utf-8" else "replace")
    piece = start
    while piece:
        yield decoder.decode(piece)
        piece = file.read(CHUNK)
    yield decoder.decode(b"", True)


def _marked(start: bytes) -> str | None:
    """By its first bytes; UTF-16 without a mark by the zeros that it has in Western texts."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    even, odd = start[:512:2], start[1:512:2]
    if len(start) >= 8 and odd.count(0) > len(odd) * 0.6 and not even.count(0):
        return "utf-16-le"
    if len(start) >= 8 and even.count(0) > len(even) * 0.6 and not odd.count(0):
        return "utf-16-be"
    return None


def _said(start: bytes) -> str | None:
    found = _SAYS.search(start[:4096])
    return _CALLED.get(found[1].decode("ascii").lower()) if found else None
