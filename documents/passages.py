"""A text as passages: a few paragraphs each, with the heading they stand under. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: Characters of a passage: what a small model of embeddings reads of it at once.
LONGEST = 1200
#: Characters of a heading that are kept.
LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """`place` is the nearest heading above, without its marks; empty before the first."""

    place: str
    text: str


def split(text: str) -> list[Passage]:
    """The passages in order. Nothing is lost but blank space between them; no passage is empty."""
    found: list[Passage] = []
    for place, block in _blocks(text):
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
