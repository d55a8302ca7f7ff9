"""What reads pictures of text, where the machine has it: Tesseract, with the languages that were installed.

Both are optional: a machine without them keeps pictures as they are, without text.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

#: Where languages are installed, by Debian and others; the first that has one counts.
_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
#: Languages that are read together, as far as they are there.
_WANTED = ("por", "eng")


@cache
def languages() -> tuple[str, str] | None:
    """The folder of languages and their names as Tesseract wants them; None where pictures cannot be read."""
    if find_spec("tesserocr") is None:
        return None
    for folder in map(Path, _FOLDERS):
        there = [one for one in _WANTED if (folder / f"{one}.traineddata").is_file()]
        if there:
            return str(folder), "+".join(there)
    return None
