"""Pictures of a document, drawn small and grey for the process that looks at them: of a page, of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from PIL import Image

from documents.extraction import canvas, media
from documents.extraction.contract import CannotRead, Limits
from documents.extraction.out import Out
from documents.extraction.readers import shrunk

#: What draws the pictures of one document, and how many it has where that is known only now.
Drawer = tuple[Callable[[int], Image.Image | None], int]


def reader(media_type: str, numbers: Sequence[int], onto: int, most: int) -> Callable[[BinaryIO, Out], None]:
    """What draws these onto an open file. It has read all that it needs when it is made."""
    begin = _begin(media_type, most)

    def draw(file: BinaryIO, out: Out) -> None:
        drawn, count = begin(file)
        wanted = [one for one in numbers if not count or one <= count]
        for done, number in enumerate(wanted, 1):
            canvas.put(onto, _one(drawn, number, out))
            out.done(number if count else done, count or len(wanted))

    return draw


def _begin(media_type: str, most: int) -> Callable[[BinaryIO], Drawer]:
    if media_type in media.PICTURES:
        kind = shrunk.load(media_type)
        return lambda file: _frames(file, kind, most)
    if media_type == media.PDF.type:
        return _of_pdf(most)
    return _of_office(most)


def _of_pdf(most: int) -> Callable[[BinaryIO], Drawer]:
    shrunk.load(media.JPEG.type)
    from documents.extraction.readers import masks, pdf, shown

    def pages(file: BinaryIO) -> Drawer:
        kept = masks.masked(file)
        document = pdf.opened(file)
        return lambda number: shown.shown(document, number, most, kept), 0

    return pages


def _of_office(most: int) -> Callable[[BinaryIO], Drawer]:
    kinds = {one: shrunk.load(one) for one in media.PICTURES}
    from documents.extraction.readers.package import Package

    def images(file: BinaryIO) -> Drawer:
        package = Package(file, Limits())
        names = dict(enumerate(package.pictures(), 1))

        def image(number: int) -> Image.Image | None:
            content = package.content(names[number], shrunk.LARGEST)
            found = media.recognise(content[: media.LOOKED_AT], names[number])
            kind = kinds.get(found.type if found else "")
            return shrunk.pasted(content, kind, most) if kind else None

        return image, 0

    return images


def _one(drawn: Callable[[int], Image.Image | None], number: int, out: Out) -> canvas.Grey:
    """One that cannot be drawn costs no more than itself."""
    try:
        picture = drawn(number)
    except CannotRead as refusal:
        out.unseen(number, refusal.code)
        return canvas.NOTHING
    except MemoryError:
        out.unseen(number, "too_complex")
        return canvas.NOTHING
    except Exception:  # noqa: BLE001 - whatever a picture makes of its reader, it is the picture's
        out.unseen(number, "damaged")
        return canvas.NOTHING
    return canvas.NOTHING if picture is None else canvas.Grey(*picture.size, picture.tobytes())


def _frames(file: BinaryIO, kind: str, most: int) -> Drawer:
    plain = shrunk.Plain(file)
    count = getattr(shrunk.opened(plain, kind), "n_frames", 1) if kind == "TIFF" else 1

    def frame(number: int) -> Image.Image:
        image = shrunk.opened(plain, kind)
        if number > 1:
            image.seek(number - 1)
        return shrunk.shrunk(image, most)

    return frame, count
