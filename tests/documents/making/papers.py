"""PDFs written by hand, and what may be wrong with them."""

from __future__ import annotations

import zlib

MIB = 1024 * 1024
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>%s>>>>"
HELLO = b"BT /F 12 Tf 20 100 Td (hello) Tj ET"


def pdf(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1."""
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, root, start)
    return bytes(made)


def stream(content: bytes, told: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (told, len(content), content)


def page(content: bytes, told: bytes = b"", *more: bytes, resources: bytes = b"") -> bytes:
    return pdf(CATALOGUE, PAGES, PAGE % resources, stream(content, told), FONT, *more)


def deflated(length: int, what: bytes = b" ") -> bytes:
    packer = zlib.compressobj(9)
    piece = what * (MIB // len(what))
    return b"".join(packer.compress(piece) for _ in range(length // MIB)) + packer.flush()


def deflated_twice() -> bytes:
    return page(zlib.compress(deflated(640 * MIB), 9), b"/Filter[/FlateDecode/FlateDecode]")


def endless_pages() -> bytes:
    """Each page of the tree is the tree again."""
    return pdf(CATALOGUE, b"<</Type/Pages/Kids[2 0 R 2 0 R 2 0 R]/Count 2000000000>>")


def many_pages(count: int) -> bytes:
    kids = b"[" + b"4 0 R " * count + b"]"
    one = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return pdf(CATALOGUE, b"<</Type/Pages/Kids %s/Count %d>>" % (kids, count), FONT, one)


def forms() -> bytes:
    """Each form draws the next one ten times: 10^12 drawings."""
    made = []
    for depth in range(12):
        after = b"/N %d 0 R" % (7 + depth)
        told = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<%s>>>>" % after
        made.append(stream(b"/N Do " * 10, told))
    return page(b"/N Do", b"", *made, stream(HELLO, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
                resources=b"/XObject<</N 6 0 R>>")  # fmt: skip


def acting() -> bytes:
    """It would run a script, fetch an address and start a program, were it let."""
    wishes = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\))>>"
        b"/AA<</WC<</S/Launch/F(/bin/sh)>>>>/AcroForm<</XFA 4 0 R>>>>"
    )
    return pdf(wishes, PAGES, PAGE % b"", stream(HELLO), FONT)


def scans(count: int, side: int = 200) -> bytes:
    """So many pages that are the same picture, of a dark square."""
    told = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (
        side,
        side,
    )
    image = stream(zlib.compress(b"\x80" * side * side, 9), told + b"/Filter/FlateDecode")
    one = (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 3 0 R"
           b"/Resources<</XObject<</I 4 0 R>>>>>>")  # fmt: skip
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 5 + count))
    pages = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    return pdf(CATALOGUE, pages, stream(b"q 500 0 0 700 50 50 cm /I Do Q"), image, *[one] * count)
