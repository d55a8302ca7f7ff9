"""Tesseract: a picture in, the text that is to be seen on it out. Loaded before rights are given up."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image
from tesserocr import PSM, PyTessBaseAPI

from documents.extraction.contract import CannotRead
from documents.extraction.engine import languages

#: Of a hundred, how sure it is of its words: from where on it is believed at once, and below which what it
#: read is a pattern, or stands on its head. Text that is read well has 80 and more, upside down about 50.
SURE, LEAST_SURE = 80, 60
#: Seconds that looking at one picture in one way may take; there are four ways at most.
MOST_TIME = 10
#: How dark and light are told apart: over the whole picture, or near each point, where there are shadows.
_WHOLE, _NEAR = "0", "2"


@dataclass(frozen=True, slots=True)
class Found:
    text: str = ""
    sure: int = 0


class Recogniser:
    """Reads grey pictures, one after the other. CannotRead where this machine has nothing to read with."""

    def __init__(self) -> None:
        there = languages()
        if there is None:
            raise CannotRead("failed")
        self._api = PyTessBaseAPI(path=there[0], lang=there[1], psm=PSM.AUTO)

    def text(self, picture: Image.Image, *, ppi: int, photo: bool) -> str:
        """What is written on it, whichever way up it is; empty where it is no text."""
        found = self._looked(picture, ppi)
        if found.text and found.sure < LEAST_SURE:
            turned = picture.transpose(Image.Transpose.ROTATE_180)
            other = self._looked(turned, ppi)
            picture, found = (turned, other) if other.sure > found.sure else (picture, found)
        if found.text:
            found = self._closely(picture, ppi, found, photo=photo)
        return found.text if found.sure >= LEAST_SURE else ""

    def _closely(self, picture: Image.Image, ppi: int, found: Found, *, photo: bool) -> Found:
        """Better, where that may be.

        The lines of a photo are not straight, and looking for columns among them tears them apart: it is
        read as one, unless that gives no text, as where it lies on its side.
        """
        if photo:
            as_one = self._looked(picture, ppi, PSM.SINGLE_BLOCK)
            if as_one.sure < SURE:
                as_one = max(as_one, self._looked(picture, ppi, PSM.SINGLE_BLOCK, _NEAR), key=_sure)
            return as_one if as_one.sure >= LEAST_SURE else found
        return found if found.sure >= SURE else max(found, self._looked(picture, ppi, near=_NEAR), key=_sure)

    def _looked(self, picture: Image.Image, ppi: int, mode: int = PSM.AUTO, near: str = _WHOLE) -> Found:
        api, (width, height) = self._api, picture.size
        api.SetPageSegMode(mode)
        api.SetVariable("thresholding_method", near)
        api.SetImageBytes(picture.tobytes(), width, height, 1, width)
        api.SetSourceResolution(ppi)
        try:
            read = api.Recognize(MOST_TIME * 1000)
            text = api.GetUTF8Text().strip() if read else ""
            return Found(text, api.MeanTextConf()) if text else Found()
        finally:
            api.Clear()


def _sure(found: Found) -> int:
    return found.sure
