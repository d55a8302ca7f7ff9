"""Pictures of text, as scanners and telephones make them."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path

import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.documents.making.papers import pdf, stream

#: One with accents, which comes with a package.
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
REPORT = (
    "Laudo de avaliação cardiológica\nNão há contraindicação às atividades físicas.\nRetorno em três semanas."
)
RECEIPT = "Payment of R$ 350,00 was received in full.\nInvoice number 2026/00417 is attached."


def picture(text: str, *, turned: int = 0) -> Image.Image:
    """A slip of paper at 150 points an inch."""
    made = Image.new("L", (900, 420), 248)
    pen, font = ImageDraw.Draw(made), ImageFont.truetype(FONT, 30)
    for number, line in enumerate(text.split("\n")):
        pen.text((60, 60 + 70 * number), line, font=font, fill=20)
    return made.rotate(turned, expand=True, fillcolor=248)


def dusty(text: str) -> Image.Image:
    """The same with specks, of which the recogniser has something to say to whoever runs it."""
    made, where = picture(text), random.Random(1)
    pen = ImageDraw.Draw(made)
    for _speck in range(200):
        x, y = where.randrange(40, 860), where.randrange(40, 380)
        pen.rectangle((x, y, x + 3, y + 3), fill=0)
    return made


def dots(side: int) -> Image.Image:
    """Some hundred thousand letters, as far as anybody can tell."""
    one = Image.new("L", (8, 8), 255)
    one.paste(0, (0, 0, 2, 2))
    made = Image.new("L", (side, side))
    for x in range(0, side, 8):
        made.paste(one, (x, 0))
    row = made.crop((0, 0, side, 8))
    for y in range(0, side, 8):
        made.paste(row, (0, y))
    return made


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **more)
    return made.getvalue()


def paper(*pages: str | Image.Image | tuple[str, Image.Image]) -> bytes:
    """A PDF of pages with text, pages that are pictures, and pictures with a stamp upon them."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(432, 202))
    for page in pages:
        text, image = page if isinstance(page, tuple) else (page, page)
        if isinstance(image, Image.Image):
            canvas.drawImage(ImageReader(image), 0, 0, 432, 202)
        if isinstance(text, str):
            canvas.drawString(20, 10, text)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def masked_page(letters: Image.Image) -> bytes:
    """A page that is one dark photo, seen only where its letters are."""
    told = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8" % letters.size
    dark = saved(Image.new("RGB", letters.size, (20, 20, 20)), "JPEG")
    mask = zlib.compress(letters.point(lambda grey: 255 - grey).tobytes())
    shows = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 432 202]/Contents 6 0 R/Resources<</XObject<</I 4 0 R>>>>>>"
    )
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        shows,
        stream(dark, told + b"/ColorSpace/DeviceRGB/Filter/DCTDecode/SMask 5 0 R"),
        stream(mask, told + b"/ColorSpace/DeviceGray/Filter/FlateDecode"),
        stream(b"q 432 0 0 202 0 0 cm /I Do Q"),
    )
