"""What reading a picture takes: each kind of scan and photo that people send, and some that mean harm.

    python -m tests.documents.weighed

Made here, read as the product reads them; the peak of the largest process that read, and its time.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.documents.making.pictures import noise
from tests.documents.seen import FONT, RECEIPT, REPORT, dots, saved

WORDS = f"{REPORT} {RECEIPT}".split()


def sheet(ppi: int, *, points: int = 11, columns: int = 1) -> Image.Image:
    """A page of A4 full of print."""
    made = Image.new("L", (int(8.27 * ppi), int(11.69 * ppi)), 255)
    pen, font = ImageDraw.Draw(made), ImageFont.truetype(FONT, int(points / 72 * ppi))
    gap, line, chance = int(0.5 * ppi), int(1.5 * points / 72 * ppi), random.Random(2)
    wide = (made.width - gap) // columns - gap
    signs = int(wide / font.getlength("e") / 1.08)
    for column in range(columns):
        rows = range(gap, made.height - 2 * gap, line)
        text = " ".join(chance.choice(WORDS) for _ in range(len(rows) * signs // 4))
        for y, said in zip(rows, textwrap.wrap(text, signs), strict=False):
            pen.text((gap + column * (wide + gap), y), said, font=font, fill=0)
    return made


def scanned(page: Image.Image) -> Image.Image:
    """A little turned, blurred, and noisy."""
    turned = page.rotate(0.6, fillcolor=250, resample=Image.Resampling.BICUBIC)
    grain = Image.effect_noise(page.size, 14)
    return Image.blend(turned.filter(ImageFilter.GaussianBlur(page.width / 2_400)), grain, 0.12)


def in_pdf(image: Image.Image) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(595, 842))
    canvas.drawImage(ImageReader(io.BytesIO(saved(image, "JPEG", quality=80))), 0, 0, 595, 842)
    canvas.save()
    return made.getvalue()


def clean(ppi: int) -> bytes:
    return saved(sheet(ppi), "PNG")


def scan(ppi: int) -> bytes:
    return in_pdf(scanned(sheet(ppi)).convert("RGB"))


def blobs(side: int) -> bytes:
    made, chance = Image.new("L", (side, side), 255), random.Random(3)
    for _one in range(60_000):
        x, y = chance.randrange(side), chance.randrange(side)
        made.paste(0, (x, y, x + chance.randrange(3, 14), y + chance.randrange(3, 14)))
    return saved(made, "PNG")


def photo(width: int, height: int, **more: object) -> bytes:
    page = sheet(200).convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    return saved(page, "JPEG", quality=85, **more)


SAMPLES: dict[str, Callable[[], bytes]] = {
    **{f"clean-{ppi}.png": partial(clean, ppi) for ppi in (150, 200, 300, 400)},
    **{f"scan-{ppi}.pdf": partial(scan, ppi) for ppi in (150, 200, 300, 400, 600)},
    "colour-400.png": lambda: saved(scanned(sheet(400)).convert("RGB"), "PNG"),
    "fax-600.tif": lambda: saved(sheet(600).convert("1"), "TIFF", compression="group4"),
    "photo-12.jpg": lambda: photo(3_000, 4_000),
    "photo-12-in-rounds.jpg": lambda: photo(3_000, 4_000, progressive=True),
    "photo-48.jpg": lambda: photo(6_000, 8_000),
    "photo-48-in-rounds.jpg": lambda: photo(6_000, 8_000, progressive=True),
    "photo-4.webp": lambda: saved(sheet(200).convert("RGB"), "WEBP"),
    "dense-300.pdf": lambda: in_pdf(sheet(300, points=6, columns=3)),
    "dense-300.png": lambda: saved(sheet(300, points=6, columns=3), "PNG"),
    "noise.png": lambda: noise(3_000, 3_000),
    "blobs.png": lambda: blobs(3_000),
    "dots.png": lambda: saved(dots(3_000), "PNG"),
    "rgba-16.png": lambda: saved(Image.effect_noise((4_000, 4_000), 90).convert("RGBA"), "PNG"),
}


def weighed() -> Iterator[tuple[str, dict[str, object]]]:
    with TemporaryDirectory() as folder:
        for name, make in SAMPLES.items():
            path = Path(folder, name)
            path.write_bytes(make())
            program = [sys.executable, "-m", "tests.documents.measured", str(path), "400"]
            done = subprocess.run(program, capture_output=True, check=True)
            yield name, json.loads(done.stdout)


if __name__ == "__main__":
    for name, found in weighed():
        mib = int(str(found["peak"])) / 1024 / 1024
        end, seconds = found["end"], found["seconds"]
        sys.stdout.write(f"{name:26}{mib:5.0f} MiB {seconds!s:>6} s  {found['characters']!s:>6}  {end}\n")
        sys.stdout.flush()
