"""Text that is only to be seen: scans and photos are read where the machine can, and kept elsewhere."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from documents.extraction import Limits, Section, canvas, engine, extract
from documents.extraction.contract import IMAGE, PICTURES
from documents.extraction.media import PDF, PNG, TIFF
from tests.documents.making.pictures import noise
from tests.documents.seen import RECEIPT, REPORT, dots, dusty, masked_page, paper, picture, saved
from tests.documents.test_extraction import Kept, kept, type_of
from tests.documents.test_extraction_pasted import book, letter
from tests.documents.weighed import scan

__all__ = ["kept"]
can_see = pytest.mark.needs("tesseract")


def told(sections: list[Section]) -> list[tuple[str, str]]:
    """Lines of a picture stand apart, or do not: that is no matter here."""
    return [(one.place, re.sub(r"\s*\n\s*", "\n", one.text)) for one in sections]


@can_see
def test_a_scan_is_read_in_its_place_between_pages_that_have_text(kept: Kept) -> None:
    stamped = ("Assinado digitalmente", picture(RECEIPT))
    path = kept("a.pdf", paper("Capa", picture(REPORT), stamped, picture(REPORT, turned=180), "", "Fim"))
    done: list[tuple[int, int]] = []
    with extract(path, PDF.type, progress=lambda *one: done.append(one)) as reading:
        found = told(list(reading))
    assert found[:2] == [("page:1", "Capa"), ("page:2:image", REPORT)]
    assert found[2] == ("page:3", "Assinado digitalmente")
    assert found[3][0] == "page:3:image"
    assert RECEIPT in found[3][1]
    assert found[4:] == [("page:4:image", REPORT), ("page:6", "Fim")]
    assert (reading.cut, reading.unread) == (False, None)
    assert done == [(1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)][: len(done)]


@can_see
def test_photos_and_faxes_are_read_whichever_way_up_they_are(kept: Kept) -> None:
    upright = Image.Exif()
    upright[0x0112] = 6
    clear = Image.new("LA", (900, 420), (0, 0))
    clear.paste((20, 255), mask=picture(REPORT).point(lambda grey: 255 - grey))
    files = {
        "photo.jpg": saved(picture(REPORT, turned=90), "JPEG", exif=upright),
        "upside down.jpg": saved(picture(REPORT, turned=180), "JPEG"),
        "clear.png": saved(clear, "PNG"),
        "sent.webp": saved(picture(REPORT), "WEBP"),
    }
    for name, content in files.items():
        path = kept(name, content)
        assert told(list(extract(path, type_of(path)))) == [("page:1:image", REPORT)], name
    black = picture(REPORT).point(lambda grey: 255 * (grey > 128)).convert("1")
    fax = saved(black, "TIFF", save_all=True, append_images=[picture(RECEIPT)])
    path = kept("fax.tif", fax)
    wanted = [("page:1:image", REPORT), ("page:2:image", RECEIPT)]
    assert told(list(extract(path, type_of(path)))) == wanted


@can_see
def test_what_was_not_looked_at_is_said_and_the_rest_is_kept(kept: Kept) -> None:
    path = kept("a.pdf", paper("Capa", picture(REPORT), picture(RECEIPT), "Fim"))
    with extract(path, PDF.type, pictures=Limits(pages=1, memory=PICTURES.memory)) as reading:
        assert [one.place for one in reading] == ["page:1", "page:2:image", "page:4"]
    assert (reading.cut, reading.unread) == (True, (3, "too_slow"))
    with extract(path, PDF.type, pictures=Limits(memory=1)) as reading:
        assert [one.text for one in reading] == ["Capa", "Fim"]
    assert reading.unread == (2, "too_complex")


@can_see
def test_a_picture_of_nothing_has_no_text_and_a_picture_of_too_much_is_not_taken_apart(kept: Kept) -> None:
    path = kept("a.png", noise(800, 800))
    with extract(path, PNG.type) as reading:
        assert (list(reading), reading.unread) == ([], None)
    with extract(kept("c.png", saved(dusty(REPORT), "PNG")), PNG.type) as reading:
        assert (len(list(reading)), reading.unread) in {(0, None), (1, None)}, (
            "it did not die of what it says"
        )
    wide = kept("b.png", saved(Image.new("1", (20_000, 20_000), 1), "PNG"))
    with extract(wide, PNG.type) as reading:
        assert (list(reading), reading.unread) == ([], (1, "too_large"))


@can_see
@pytest.mark.needs("linux")
def test_a_page_that_takes_too_much_costs_no_other(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """It meets the limit that every file has, and is looked at smaller; then kept, and the next is read."""
    path = kept(
        "a.tif", saved(picture(REPORT), "TIFF", save_all=True, append_images=[dots(3_000), picture(RECEIPT)])
    )
    wanted = [("page:1:image", REPORT), ("page:3:image", RECEIPT)]
    with extract(path, TIFF.type) as reading:
        assert (told(list(reading)), reading.unread) == (wanted, None)
    monkeypatch.setattr(canvas, "SMALL", canvas.MOST_SEEN)
    with extract(path, TIFF.type) as reading:
        assert told(list(reading)) == wanted
    assert (reading.unread, reading.over) == ((2, "too_complex"), False)


@can_see
@pytest.mark.needs("linux")
def test_a_page_in_colour_of_any_scanner_is_read_within_the_same_memory(kept: Kept) -> None:
    """As PDFium alone would show it, it takes ten times its page."""
    with extract(kept("a.pdf", scan(400)), PDF.type) as reading:
        assert "cardiológica" in next(reading).text
        list(reading)
    assert reading.unread is None


@can_see
def test_letters_that_are_the_mask_of_a_colour_are_read(kept: Kept) -> None:
    """As programs write them that pack scans small: made small, the image would be there without its mask."""
    path = kept("a.pdf", masked_page(picture(REPORT).resize((1_800, 840))))
    assert told(list(extract(path, PDF.type))) == [("page:1:image", REPORT)]


def test_masks_are_found_wherever_they_stand_and_any_image_has_one_where_that_is_not_said() -> None:
    from documents.extraction.readers.masks import CHUNK, LONGEST, masked

    image = b"4 0 obj\n<</Width 20/SMask 5 0 R/Height 10>>\nstream\n"
    for before in (0, 60, CHUNK - LONGEST - 20, CHUNK - LONGEST, CHUNK - 20, CHUNK, 3 * CHUNK - LONGEST - 22):
        for after in (0, LONGEST, CHUNK):
            file = b"." * before + image + b"." * after
            assert masked(io.BytesIO(file)) == {(20, 10)}, (before, after)
    assert masked(io.BytesIO(b"4 0 obj <</Width 20/Height 10/ImageMask true/SMask/None>> stream")) == set()
    for unclear in (b"Width 20", b"Width 7 0 R/Height 10"):
        assert masked(io.BytesIO(b"4 0 obj <</SMask 5 0 R/" + unclear + b">> stream")) is None


def test_a_machine_that_cannot_see_keeps_pictures_and_says_so(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.languages.cache_clear()
    monkeypatch.setattr(engine, "_FOLDERS", ())
    try:
        for name, content in (("a.png", picture(REPORT)), ("a.tif", picture(REPORT))):
            path = kept(name, saved(content, name[2:].replace("tif", "tiff")))
            with extract(path, type_of(path)) as reading:
                assert (list(reading), reading.unread) == ([], (1, "no_reader"))
        path = kept("a.pdf", paper("Capa", picture(REPORT), "Fim"))
        with extract(path, PDF.type) as reading:
            assert told(list(reading)) == [("page:1", "Capa"), ("page:3", "Fim")]
        assert reading.unread == (2, "no_reader")
        for name, office, words in (("a.docx", letter(), "Depois"), ("a.xlsx", book(), "Laudo")):
            path = kept(name, office)
            with extract(path, type_of(path)) as reading:
                found = list(reading)
            assert words in "".join(one.text for one in found), "what is written is found all the same"
            assert not any(one.place.endswith(IMAGE) for one in found)
            assert reading.unread is not None
            assert (reading.unread[1], reading.cut) == ("no_reader", False)
    finally:
        engine.languages.cache_clear()
    assert type_of(kept("b.tif", saved(picture(REPORT), "TIFF"))) == TIFF.type


@can_see
def test_columns_are_told_from_lines_that_were_torn() -> None:
    from documents.extraction.readers.recogniser import are_torn

    column = [(100, top, 700, top + 30) for top in range(100, 1_000, 40)]
    assert not are_torn(column)
    assert not are_torn(column + [(760, top, 1_400, bottom) for _left, top, _right, bottom in column])
    assert are_torn(column + [(708, top + 20, 1_400, bottom + 20) for _left, top, _right, bottom in column])
