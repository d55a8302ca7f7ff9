"""What a brand is made of, of all types of files that are known by their content. No place for programs.

Nothing of a file is ever opened or shown by us; it is kept, and given out again as a file to keep.
"""

from __future__ import annotations

from documents.extraction import Media, media, recognise

#: Taken as plain text, whatever is written in them.
_WRITTEN = (media.MARKDOWN, media.CSV, media.HTML)
_TAKEN = frozenset({
    media.PNG, media.JPEG, media.GIF, media.WEBP, media.SVG, media.PDF, media.TTF, media.OTF, media.WOFF,
    media.WOFF2, media.ASE, media.ZIP, media.TEXT, *media.OFFICE,
})  # fmt: skip


def media_of(start: bytes, name: str) -> Media | None:
    """The type of a file that begins so; None for one that a brand is not made of."""
    found = recognise(start, name)
    if found in _WRITTEN:
        return media.TEXT
    return found if found in _TAKEN else None
