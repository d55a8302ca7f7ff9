"""What a file is, by its content, and the text in it. No Django, no rows.

recognise   the first bytes in, a type out
extract     the text of a file, read in a process of its own that can do nothing else (docs/extraction.md)
"""

from documents.extraction.contract import CODES, USUAL, CannotRead, Code, Limits, Section
from documents.extraction.media import LOOKED_AT, Media, is_taken, recognise
from documents.extraction.reading import Reading, extract
from documents.extraction.seen import Seen, again

__all__ = [
    "CODES",
    "LOOKED_AT",
    "USUAL",
    "CannotRead",
    "Code",
    "Limits",
    "Media",
    "Reading",
    "Section",
    "Seen",
    "again",
    "extract",
    "is_taken",
    "recognise",
]
