"""A text as passages: a few paragraphs each, with the heading they stand under. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

#: Characters of a passage: what a small model of embeddings reads of it at once.
LONGEST = 1200
#: Characters of a heading that are kept.
LONGEST_PLACE = 200


class Section(Protocol):
    """A part of a document: where it stands (a page, a slide, a heading), and what it says."""

    @property
    def place(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Passage:
    """`place` is the section's, or the nearest heading above without its marks; empty before the first."""

    place: str
    text: str


def split(text: str) -> list[Passage]:
    """The passages in order. Nothing is lost but blank space between them; no passage is empty."""
    return split_sections([Passage("", text)])


def split_sections(sections: Iterable[Section]) -> list[Passage]:
    """The same of a document in parts: a passage never reaches over the end of one."""
    return [passage for one in sections for passage in _passages(one.place[:LONGEST_PLACE], one.text)]


def _passages(section: str, text: str) -> list[Passage]:
    found: list[Passage] = []
    for heading, block in _blocks(text):
        place = section or heading
        for piece in _pieces(block):
            last = found[-1] if found else None
            if last and last.place == place and len(last.text) + len(piece) + 2 <= LONGEST:
                found[-1] = Passage(place, f"{last.text}\n\n{piece}")
            else:
                found.append(Passage(place, piece))
    return found


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Paragraphs, each with its heading, which belongs to the first of them too."""
    place = ""
    for block in text.replace("\x0b", "\n").split("\n\n"):
        lines = block.strip("\n")
        if not lines.strip():
            continue
        place = _heading(lines) or place
        yield place, lines.strip()


def _heading(block: str) -> str:
    """The text of a Markdown heading that begins the block; empty where none does."""
    first = block.lstrip().split("\n", 1)[0]
    marks = len(first) - len(first.lstrip("#"))
    return " ".join(first[marks:].split())[:LONGEST_PLACE] if 1 <= marks <= 6 else ""


def _pieces(block: str) -> Iterator[str]:
    """A block that is too long, cut where it hurts least: a line, a sentence, a word, anywhere."""
    while len(block) > LONGEST:
        at = _cut(block[:LONGEST])
        if piece := block[:at].strip():
            yield piece
        block = block[at:].lstrip()
    if block:
        yield block


def _cut(head: str) -> int:
    for sign in ("\n", ". ", " "):
        at = head.rfind(sign)
        if at > LONGEST // 2:
            return at + len(sign)
    return len(head)
