"""Tesseract: a picture in, the text that is to be seen on it out. Loaded before rights are given up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import BinaryIO

from tesserocr import PSM, RIL, PyTessBaseAPI, iterate_level

from documents.extraction.canvas import Grey, taken
from documents.extraction.contract import PORTION_SECONDS, CannotRead
from documents.extraction.engine import languages
from documents.extraction.out import Out

#: Of a hundred, how sure it is of its words: from where on it is believed at once, and below which what it
#: read is a pattern, or stands on its head. Text that is read well has 80 and more, upside down about 50.
SURE, LEAST_SURE = 80, 60
#: Seconds that looking at one picture in one way may take; there are four ways at most.
MOST_TIME = 20
#: How dark and light are told apart: over the whole picture, or near each point, where there are shadows.
_WHOLE, _NEAR = "0", "2"
#: Lines of a picture that are compared; what is between two columns at least, in heights of a line.
MOST_LINES, GUTTER = 400, 1.2
#: Points in an inch, as far as anybody knows.
PPI = 200
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """`torn`: what it took for columns are pieces of lines."""

    text: str = ""
    sure: int = 0
    torn: bool = False


def reader() -> Callable[[BinaryIO, Out], None]:
    """A reader of pictures that were drawn; each is told as it is done."""
    recogniser = Recogniser()
    return lambda file, out: _read(file, out, recogniser)


def _read(file: BinaryIO, out: Out, recogniser: Recogniser) -> None:
    done, until = 0, time.monotonic() + PORTION_SECONDS
    while time.monotonic() < until and (picture := taken(file)):
        out.section("", recogniser.text(picture) if picture.points else "")
        del picture
        done += 1
        out.done(done, out.limits.pages)
        out.in_time()


class Recogniser:
    """Reads grey pictures, one after the other. CannotRead where this machine has nothing to read with."""

    def __init__(self) -> None:
        there = languages()
        if there is None:
            raise CannotRead("failed")
        self._api = PyTessBaseAPI(path=there[0], lang=there[1], psm=PSM.AUTO)
        self._api.SetVariable("debug_file", "")  # else it opens one for what it remarks, and may not

    def text(self, picture: Grey) -> str:
        """What is written on it, whichever way up it is; empty where it is no text."""
        found = self._looked(picture)
        if found.text and found.sure < LEAST_SURE:
            turned = picture.turned()
            other = self._looked(turned)
            picture, found = (turned, other) if other.sure > found.sure else (picture, found)
        if found.torn:
            found = self._as_one(picture, found)
        elif found.text and found.sure < SURE:
            found = max(found, self._looked(picture, near=_NEAR), key=_sure)
        return found.text if found.sure >= LEAST_SURE else ""

    def _as_one(self, picture: Grey, torn: Found) -> Found:
        """The lines of a photo are not straight, and are not torn where nobody looks for columns."""
        found = self._looked(picture, PSM.SINGLE_BLOCK)
        if found.sure < SURE:
            found = max(found, self._looked(picture, PSM.SINGLE_BLOCK, _NEAR), key=_sure)
        return found if found.sure >= LEAST_SURE else torn

    def _looked(self, picture: Grey, mode: int = PSM.AUTO, near: str = _WHOLE) -> Found:
        api = self._api
        api.SetPageSegMode(mode)
        api.SetVariable("thresholding_method", near)
        api.SetImageBytes(picture.points, picture.width, picture.height, 1, picture.width)
        api.SetSourceResolution(PPI)
        try:
            read = api.Recognize(MOST_TIME * 1000)
            text = api.GetUTF8Text().strip() if read else ""
            if not text:
                return Found()
            return Found(text, api.MeanTextConf(), mode == PSM.AUTO and are_torn(self._lines()))
        finally:
            api.Clear()

    def _lines(self) -> list[Box]:
        found = (
            one.BoundingBox(RIL.TEXTLINE) for one in iterate_level(self._api.GetIterator(), RIL.TEXTLINE)
        )
        return [box for box, _number in zip(found, range(MOST_LINES), strict=False) if box]


def are_torn(lines: list[Box]) -> bool:
    """Whether lines that stand beside each other are so near that they are pieces of one.

    Between columns there is a gutter, between words a blank.
    """
    gaps = [gap for one in lines if (gap := _gap(one, lines)) is not None]
    return len(gaps) >= max(2, len(lines) // 10) and median(gaps) < GUTTER


def _gap(one: Box, others: list[Box]) -> float | None:
    """How far the nearest line beside this one is, in its heights; None where it stands alone."""
    left, top, right, bottom = one
    height = max(1, bottom - top)
    level = (two for two in others if min(bottom, two[3]) - max(top, two[1]) > height / 5)
    gaps = (max(two[0] - right, left - two[2]) / height for two in level)
    return min((gap for gap in gaps if gap >= 0), default=None)


def _sure(found: Found) -> int:
    return found.sure
