"""What reading a file gives, what it may take, and why a file could not be read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

MIB = 1024 * 1024

#: Why a file could not be read; `documents.unreadable.why` says it to a person.
Code = Literal[
    "locked",  # it asks for a password
    "damaged",  # it is cut, or not what it looks like
    "unsafe",  # something is in it that no program for documents writes
    "too_large",  # it unpacks to more than a document may, or to too many parts
    "too_complex",  # it took more memory, or is nested deeper, than a document may
    "too_slow",  # it took longer than a document may
    "old_format",  # an office document as it was before 2007
    "not_read",  # of a type whose text is not read
    "failed",  # reading could not begin: our fault
]
CODES: tuple[str, ...] = get_args(Code)
#: Why some of a document was not read: as above, or this.
Reason = Literal[Code, "no_reader"]  # nothing on this machine reads pictures
#: What ends a place whose text was read from a picture, and no other.
IMAGE = ":image"
#: Where another try may end otherwise.
PASSING = frozenset({"too_slow", "failed"})


@dataclass(frozen=True, slots=True)
class Section:
    """Some text and where it stands in the document.

    `place` is `page:3`, `slide:2`, `sheet:Name!A1`, `row:120`, or the heading above, empty before the
    first; `page:3:image` is text of page 3 that was read from a picture of it, so that a letter may be
    wrong. `documents.locating.shown_place` says it to a person. Sections that follow each other may have
    the same place. The text may be stored: no NUL, no lone surrogate, lines end in \\n, composed (NFC).
    """

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One in a document that may have text: its number there, and the place it stands in."""

    number: int
    place: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A picture that was not looked at, and why; the others are."""

    number: int
    code: Code


class CannotRead(Exception):
    """The file was not read to its end. `code` says why; what came before it is sound."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code: Code = code

    @property
    def passing(self) -> bool:
        """Another try may go better."""
        return self.code in PASSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one document may take.

    text      characters; what is longer is cut
    pages     pages, slides or sheets; what comes after is cut
    seconds   of waiting for the reader; half of it on a processor
    memory    bytes that a process which reads may take, with its program and libraries as it begins
    unpacked  bytes that the parts of an office document have together
    parts     how many these are
    depth     how deep elements stand in each other
    drawn     bytes of pictures that it may hand on to the process that looks at them
    """

    text: int = 1_000_000
    pages: int = 2_000
    seconds: float = 60.0
    memory: int = 120 * MIB
    unpacked: int = 512 * MIB
    parts: int = 5_000
    depth: int = 200
    drawn: int = 0


USUAL = Limits()
#: What looking at the pictures of one document may take, beside what its text may: `pages` is how many.
PICTURES = Limits(pages=100, seconds=1_200.0)
#: How many are looked at before what was found is handed on, and for how many seconds at most.
PORTION, PORTION_SECONDS = 8, 40.0
