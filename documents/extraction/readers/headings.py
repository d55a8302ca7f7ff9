"""Paragraphs gathered under their heading, for every reader whose documents have some."""

from __future__ import annotations

from documents.extraction.out import Out

#: Characters gathered before they are told.
MOST = 16_000


class Headings:
    """Paragraphs in, sections out: each under the nearest heading above, which begins its text."""

    def __init__(self, out: Out, place: str = "") -> None:
        self._out, self._place = out, place
        self._parts: list[str] = []
        self._size = 0

    def heading(self, text: str, level: int) -> None:
        """A heading of level 1 to 6 begins here; one without a text is none."""
        text = " ".join(text.split())
        if text:
            self.end()
            self._place = text
            self.paragraph(f"{'#' * max(1, min(level, 6))} {text}")

    def paragraph(self, text: str, *, close: bool = False) -> None:
        """A paragraph; `close` to the one before, as lines of a list or a table are."""
        text = text.strip("\n")
        if not text.strip():
            return
        if self._parts:
            self._parts.append("\n" if close else "\n\n")
        self._parts.append(text)
        self._size += len(text)
        if self._size > MOST:
            self.end()

    def picture(self, number: int) -> None:
        """One that may have text stands here."""
        self.end()
        self._out.picture(number, self._place)

    def end(self) -> None:
        """Tell what was gathered."""
        if self._parts:
            self._out.section(self._place, "".join(self._parts))
        self._parts, self._size = [], 0
