"""Files that mean harm, made here: what each is called, what it holds, and how reading it may end.

`TEXT` is an end with sections, `NOTHING` one without; any other is the code of a refusal. `UNKNOWN`: its
content is of no type that we know.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

TEXT, NOTHING, UNKNOWN = "text", "nothing", "unknown"
#: A machine that reads no pictures.
UNSEEN = "no_reader"
#: Reading it takes much: any of these is well, within the limits.
HEAVY = (TEXT, NOTHING, "too_complex", "too_slow")
MIB = 1024 * 1024
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OPENS = f'<w:document xmlns:w="{W}"><w:body>'
_CLOSES = "</w:body></w:document>"
#: What nothing of a file may ever bring to light.
CANARY = "root:x:0:0"


@dataclass(frozen=True)
class Hostile:
    name: str
    make: Callable[[], bytes]
    ends: frozenset[str]


def packed(
    parts: dict[str, bytes | str], *, change: Callable[[zipfile.ZipInfo], None] | None = None
) -> bytes:
    """An archive of these parts, each a little changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            part = zipfile.ZipInfo(name)
            part.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(part)
            archive.writestr(part, content)
    return made.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body: str | bytes = "", **more: bytes | str) -> bytes:
    """A document as thin as can be: its one part, and what else should be in it."""
    main = body if isinstance(body, bytes) else f"{_OPENS}{body}{_CLOSES}"
    return packed({"[Content_Types].xml": "<Types/>", "word/document.xml": main, **more})


def declaring(declared: str, text: str = "") -> bytes:
    return docx(f"<?xml version='1.0'?><!DOCTYPE w [{declared}]>{_OPENS}{paragraph(text)}{_CLOSES}".encode())


def laughs() -> bytes:
    """Ten of ten of ten…: 10^9 words from ten lines."""
    lines = ['<!ENTITY a0 "ha">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))]
    return declaring("".join(lines), "&a9;")


def bomb(size: int = 640) -> bytes:
    """So many megabytes of blanks, in a thousandth of them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(_OPENS.encode())
            for _ in range(size):
                part.write(b" " * MIB)
    return made.getvalue()


def lying(content: bytes, size: int) -> bytes:
    """The archive says that its parts are as small as this."""
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content = content[: at + 24] + struct.pack("<I", size) + content[at + 28 :]
        at = content.find(b"PK\x01\x02", at + 4)
    return content


def nested() -> bytes:
    """Archives in archives, five deep, as 42.zip has them; nobody opens any of them."""
    inner = b"0" * MIB
    for depth in range(5):
        inner = packed({f"{depth}{copy}.zip": inner for copy in range(4)})
    return docx(paragraph("hello"), **{"word/embeddings/42.zip": inner})


def overlapping() -> bytes:
    """A hundred parts that are one and the same stream of bytes."""
    made = docx(paragraph("hello"), **{"word/kernel.xml": b"0" * MIB})
    start = made.find(b"PK\x01\x02")
    listed, end = made[start : made.rfind(b"PK\x05\x06")], made[made.rfind(b"PK\x05\x06") :]
    last = listed[listed.rfind(b"PK\x01\x02") :]
    more = b"".join(last.replace(b"kernel", f"ker{n:03}".encode()) for n in range(100))
    count, size = 3 + 100, len(listed) + len(more)
    end = end[:8] + struct.pack("<HHII", count, count, size, start) + end[20:]
    return made[:start] + listed + more + end


def linked() -> bytes:
    def as_link(part: zipfile.ZipInfo) -> None:
        if part.filename.endswith("link.xml"):
            part.external_attr = 0o120777 << 16

    return packed({"word/document.xml": f"{_OPENS}{_CLOSES}", "word/link.xml": "/etc/passwd"}, change=as_link)


def locked_part() -> bytes:
    made = docx(paragraph("hello"))
    at = made.find(b"PK\x01\x02")
    return made[: at + 8] + struct.pack("<H", 1) + made[at + 10 :]


def deep(times: int) -> bytes:
    return docx("<w:sdt>" * times + paragraph("hello") + "</w:sdt>" * times)


def xlsx(rows: str, shared: str = "", **more: bytes | str) -> bytes:
    book = f'<workbook xmlns="{S}" xmlns:r="{R}"><sheets><sheet name="A" r:id="1"/></sheets></workbook>'
    kind = R
    related = (
        f'<Relationships xmlns="{RELATED}">'
        f'<Relationship Id="1" Type="{kind}/worksheet" Target="sheet1.xml"/>'
        f'<Relationship Id="2" Type="{kind}/sharedStrings" Target="shared.xml"/></Relationships>'
    )
    return packed(
        {
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": related,
            "xl/shared.xml": f'<sst xmlns="{S}">{shared}</sst>',
            "xl/sheet1.xml": f'<worksheet xmlns="{S}"><sheetData>{rows}</sheetData></worksheet>',
            **more,
        }
    )


def pptx(*slides: str, times: int = 1) -> bytes:
    """A presentation that shows each of these slides so many times."""
    vocabulary = "http://schemas.openxmlformats.org/presentationml/2006/main"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    shown = "".join(f'<p:sldId r:id="{n}"/>' for n in range(len(slides))) * times
    related = "".join(
        f'<Relationship Id="{n}" Type="{R}/slide" Target="slides/{n}.xml"/>' for n in range(len(slides))
    )
    return packed(
        {
            "ppt/presentation.xml": f'<p:x xmlns:p="{vocabulary}" xmlns:r="{R}">{shown}</p:x>',
            "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{RELATED}">{related}</Relationships>',
            **{
                f"ppt/slides/{n}.xml": f'<a:p xmlns:a="{drawing}"><a:t>{text}</a:t></a:p>'
                for n, text in enumerate(slides)
            },
        }
    )


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


_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>%s>>>>"
_HELLO = b"BT /F 12 Tf 20 100 Td (hello) Tj ET"


def page(content: bytes, told: bytes = b"", *more: bytes, resources: bytes = b"") -> bytes:
    return pdf(_CATALOGUE, _PAGES, _PAGE % resources, stream(content, told), _FONT, *more)


def deflated(length: int, what: bytes = b" ") -> bytes:
    packer = zlib.compressobj(9)
    piece = what * (MIB // len(what))
    return b"".join(packer.compress(piece) for _ in range(length // MIB)) + packer.flush()


def deflated_twice() -> bytes:
    return page(zlib.compress(deflated(640 * MIB), 9), b"/Filter[/FlateDecode/FlateDecode]")


def endless_pages() -> bytes:
    """Each page of the tree is the tree again."""
    return pdf(_CATALOGUE, b"<</Type/Pages/Kids[2 0 R 2 0 R 2 0 R]/Count 2000000000>>")


def many_pages(count: int) -> bytes:
    kids = b"[" + b"4 0 R " * count + b"]"
    one = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return pdf(_CATALOGUE, b"<</Type/Pages/Kids %s/Count %d>>" % (kids, count), _FONT, one)


def forms() -> bytes:
    """Each form draws the next one ten times: 10^12 drawings."""
    made = []
    for depth in range(12):
        after = b"/N %d 0 R" % (7 + depth)
        told = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<%s>>>>" % after
        made.append(stream(b"/N Do " * 10, told))
    return page(b"/N Do", b"", *made, stream(_HELLO, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
                resources=b"/XObject<</N 6 0 R>>")  # fmt: skip


def acting() -> bytes:
    """It would run a script, fetch an address and start a program, were it let."""
    wishes = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\))>>"
        b"/AA<</WC<</S/Launch/F(/bin/sh)>>>>/AcroForm<</XFA 4 0 R>>>>"
    )
    return pdf(wishes, _PAGES, _PAGE % b"", stream(_HELLO), _FONT)


def flood() -> bytes:
    """A PNG of 60,000 × 60,000 points: ten gigabytes, were it shown."""

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", deflated(MIB)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def ole(name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000 + name.encode("utf-16-le") + b"\x00" * 200


def pasted(*images: bytes, shown: int = 0) -> bytes:
    """A document with these images on its page, each so often; one more is outside, and one is not there."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    targets = [
        *(f'Target="media/{n:05}.png"' for n in range(len(images))),
        'Target="http://127.0.0.1:9/a.png" TargetMode="External"',
        'Target="../../../../etc/passwd"',
    ]
    related = "".join(
        f'<Relationship Id="{n}" Type="{R}/image" {target}/>' for n, target in enumerate(targets)
    )
    drawn = "".join(
        f'<w:p><w:r><a:blip xmlns:a="{drawing}" xmlns:r="{R}" r:embed="{n}"/></w:r></w:p>'
        for n in range(len(targets))
    )
    return docx(
        paragraph("hello") + drawn * (shown or 1),
        **{"word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATED}">{related}</Relationships>'},
        **{f"word/media/{n:05}.png": image for n, image in enumerate(images)},
    )


def covered(*images: bytes, times: int) -> bytes:
    """A sheet with these images lying on it, each so many times, on rows that no sheet has."""
    vocabulary = "http://schemas.openxmlformats.org/drawingml/2006"
    related = "".join(f'<Relationship Id="{n}" Target="{n}.png"/>' for n in range(len(images)))
    lies = "".join(
        f"<d:a><d:from><d:row>{'9' * 30}</d:row></d:from><a:blip r:embed='{n}'/></d:a>"
        for n in range(len(images))
    )
    drawing = (
        f'<d:d xmlns:d="{vocabulary}/spreadsheetDrawing" xmlns:a="{vocabulary}/main" xmlns:r="{R}">'
        f"{lies * times}</d:d>"
    )
    on_sheet = f'<Relationship Id="1" Type="{R}/drawing" Target="d.xml"/>'
    parts = {"sheet1": on_sheet, "d": related}
    return xlsx(
        "<row><c><v>1</v></c></row>",
        **{
            f"xl/{name}": f'<Relationships xmlns="{RELATED}">{one}</Relationships>'
            for name, one in parts.items()
        },
        **{"xl/d.xml": drawing},
        **{f"xl/{n}.png": image for n, image in enumerate(images)},
    )


def external() -> bytes:
    template = f'Type="{R}/attachedTemplate" Target="http://127.0.0.1:9/t" TargetMode="External"'
    related = (
        f'<Relationships xmlns="{RELATED}">'
        f'<Relationship Id="1" {template}/>'
        f'<Relationship Id="2" Type="{R}/styles" Target="../../../../etc/passwd"/></Relationships>'
    )
    return docx(paragraph("hello"), **{"word/_rels/document.xml.rels": related})


def opened(content: str | bytes, kind: str = "text", **more: bytes | str) -> bytes:
    """An OpenDocument as thin as can be; a string is what stands in its body."""
    body = f"office:{ {'text': 'text', 'spreadsheet': 'spreadsheet'}[kind] }"
    main = (
        content if isinstance(content, bytes) else f"{_OPENED}<office:body><{body}>{content}</{body}>{_SHUT}"
    )
    first = {"mimetype": f"application/vnd.oasis.opendocument.{kind}"}
    return packed({**first, "content.xml": main, **more}, change=_as_it_is)


def _as_it_is(part: zipfile.ZipInfo) -> None:
    """What it is stands first, and is not packed."""
    part.compress_type = zipfile.ZIP_STORED if part.filename == "mimetype" else zipfile.ZIP_DEFLATED


_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_OPENED = (
    f'<office:document-content xmlns:office="{_OASIS}:office:1.0" xmlns:text="{_OASIS}:text:1.0"'
    f' xmlns:table="{_OASIS}:table:1.0" xmlns:style="{_OASIS}:style:1.0" xmlns:draw="{_OASIS}:drawing:1.0">'
)
_SHUT = "</office:body></office:document-content>"
_LOCKED = f'<m:manifest xmlns:m="{_OASIS}:manifest:1.0"><m:encryption-data/></m:manifest>'
_LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><a>&a9;</a>"
)
_ROW = (
    '<table:table table:name="A"><table:table-row table:number-rows-repeated="999999999">'
    '<table:table-cell table:number-columns-repeated="999999999"><text:p>hello</text:p></table:table-cell>'
    "</table:table-row></table:table>"
)


def _wide_png(side: int) -> bytes:
    """White, of one bit a point: some kilobytes."""
    row = b"\x00" + b"\xff" * (side // 8)
    packer = zlib.compressobj(9)
    content = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, part) for kind, part in ((b"IHDR", head), (b"IDAT", content), (b"IEND", b""))
    )


def _tiff(*tags: tuple[int, int], after: int = 0, content: bytes = b"") -> bytes:
    """One page with these numbers, and where the page after it is said to be."""
    told = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + told + struct.pack("<I", after) + content


def _grey(width: int, height: int, strip: int, length: int) -> tuple[tuple[int, int], ...]:
    return ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, strip), (277, 1), (278, height),
            (279, length))  # fmt: skip


def _jpeg(side: int) -> bytes:
    """A photo that says it has so many points."""
    made = io.BytesIO()
    Image.new("L", (64, 64), 200).save(made, "JPEG")
    content = made.getvalue()
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", side, side) + content[at + 4 :]


def _webp(side: int) -> bytes:
    made = io.BytesIO()
    Image.new("L", (16, 16), 200).save(made, "WEBP", lossless=True)
    content = made.getvalue()
    at = content.index(b"VP8L") + 9
    return content[:at] + struct.pack("<I", (side - 1) | (side - 1) << 14) + content[at + 4 :]


def noise(width: int, height: int) -> bytes:
    """A picture of nothing, which looks like very much."""
    made = io.BytesIO()
    Image.frombytes("L", (width, height), random.Random(1).randbytes(width * height)).save(made, "PNG")
    return made.getvalue()


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
    return pdf(_CATALOGUE, pages, stream(b"q 500 0 0 700 50 50 cm /I Do Q"), image, *[one] * count)


_SAME = '<row><c t="s"><v>0</v></c></row>'
_FAR = '<row r="9999999999"><c r="ZZZ1"><v>1</v></c><c t="s"><v>99999999</v></c></row>'
_FLATE = b"/Filter/FlateDecode"


def _of(name: str, make: Callable[[], bytes], *ends: str) -> Hostile:
    return Hostile(name, make, frozenset(ends))


ARCHIVES = (
    _of("bomb.docx", bomb, "too_large"),
    _of("lying.docx", lambda: lying(bomb(8), 5_000), "damaged"),
    _of("nested.docx", nested, TEXT),
    _of("overlapping.docx", overlapping, "unsafe"),
    _of("traversal.docx", lambda: docx(paragraph("x"), **{"../../../tmp/escaped.txt": "x"}), "unsafe"),
    _of("absolute.docx", lambda: docx(paragraph("x"), **{"/tmp/escaped.txt": "x"}), "unsafe"),
    _of("drive.docx", lambda: docx(paragraph("x"), **{"C:\\escaped.txt": "x"}), "unsafe"),
    _of("linked.docx", linked, "unsafe"),
    _of("parts.docx", lambda: docx("", **{f"word/{n}.xml": "" for n in range(10_000)}), "too_large"),
    _of("list.docx", lambda: docx("", **{f"word/{n}.xml": "" for n in range(60_000)}), "too_large"),
    _of("locked.docx", locked_part, "locked"),
    _of("cut.docx", lambda: docx(paragraph("hello" * 10_000))[:-40], "damaged"),
    _of("half.docx", lambda: docx(paragraph("hello" * 10_000))[:300], "damaged"),
    _of("odd.docx", lambda: docx(paragraph("x")).replace(b"\x08\x00", b"\x0e\x00"), "unsafe", "damaged"),
)
MARKUP = (
    _of("laughs.docx", laughs, "unsafe"),
    _of("quadratic.docx", lambda: declaring(f'<!ENTITY a "{"a" * 100_000}">', "&a;" * 10_000), "unsafe"),
    _of("outside.docx", lambda: declaring('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "unsafe"),
    _of("dialling.docx", lambda: declaring('<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;'), "unsafe"),
    _of("external.docx", external, TEXT),
    _of("deep.docx", lambda: deep(100_000), "too_complex"),
    _of("wide.docx", lambda: docx("<w:p " + " ".join(f"a{n}=''" for n in range(300_000)) + "/>"), *HEAVY),
    _of("names.docx", lambda: docx("".join(f"<a{n}/>" for n in range(500_000))), *HEAVY),
    _of("long.docx", lambda: docx(paragraph("a" * 40 * MIB)), "too_large"),
    _of("marks.docx", lambda: docx(paragraph("a" + "\u0301\u0323" * 400_000)), TEXT),
    _of("no.docx", lambda: docx(b"<not-closed>"), "damaged"),
    _of("nobody.docx", lambda: packed({"word/other.xml": "<a/>"}), "damaged"),
    _of("shared.xlsx", lambda: xlsx("", "<si><t>abcdefghij</t></si>" * 1_000_000), *HEAVY),
    _of("same.xlsx", lambda: xlsx(_SAME * 500_000, f"<si><t>{'a' * 2000}</t></si>"), TEXT),
    _of("far.xlsx", lambda: xlsx(_FAR), NOTHING),
    _of(
        "again.pptx",
        lambda: pptx("<!--" + "x y " * 200_000 + "-->", times=2_000),
        NOTHING,
        "too_large",
        "too_slow",
    ),
    _of("numbers.xlsx", lambda: xlsx(f"<row><c><v>{'9' * MIB}</v></c><c><v>1e999</v></c></row>"), TEXT),
)
PAPERS = (
    _of("endless.pdf", endless_pages, NOTHING, "damaged"),
    _of("million.pdf", lambda: many_pages(1_000_000), *HEAVY),
    _of("stream.pdf", lambda: page(deflated(640 * MIB), _FLATE), *HEAVY),
    _of("twice.pdf", deflated_twice, *HEAVY),
    _of("shows.pdf", lambda: page(deflated(256 * MIB, b"(a) Tj "), _FLATE), *HEAVY),
    _of("forms.pdf", forms, *HEAVY),
    _of("acting.pdf", acting, TEXT),
    _of("brackets.pdf", lambda: pdf(_CATALOGUE, b"[" * 3 * MIB), "damaged", *HEAVY),
    _of("cut.pdf", lambda: page(_HELLO)[:-120], TEXT, NOTHING, "damaged"),
    _of("begun.pdf", lambda: b"%PDF-1.7\n", "damaged"),
    _of("archive.pdf", lambda: page(_HELLO) + docx(paragraph("other")), TEXT),
)
OTHERS = (
    _of("script.png", lambda: b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "damaged", UNSEEN),
    _of("page.gif", lambda: b"GIF89a/*<html><script>alert(1)</script>*/=1;", NOTHING),
    _of("script.svg", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>", NOTHING),
    _of("program.pdf", lambda: b"MZ\x90\x00\x03" + b"\x00" * 100, UNKNOWN),
    _of("program.docx", lambda: b"\x7fELF\x02" + b"\x00" * 100, UNKNOWN),
    _of("empty.pdf", lambda: b"", UNKNOWN),
    _of("nul.txt", lambda: b"a\x00b", UNKNOWN),
    _of("old.doc", lambda: ole("WordDocument"), "old_format"),
    _of("locked.xlsx", lambda: ole("EncryptedPackage"), "locked"),
    _of("line.txt", lambda: b"a" * 50 * MIB, TEXT),
    _of("line.csv", lambda: b'"' + b"a" * 50 * MIB, TEXT),
    _of("cells.csv", lambda: b"," * 20 * MIB, *HEAVY),
    _of("headings.md", lambda: b"# a\n" * 2_000_000, TEXT),
    _of("fence.md", lambda: b"```" * 5_000_000, TEXT),
    _of("deep.html", lambda: b"<html>" + b"<div>" * 2_000_000 + b"hello", *HEAVY),
    _of("comment.html", lambda: b"<html>hello<!--" + b"<!-" * 5_000_000, *HEAVY),
    _of("tag.html", lambda: b"<html>hello<a " + b"a='b' " * 3_000_000, *HEAVY),
    _of("signs.html", lambda: b"<html>" + b"&amp;" * 3_000_000, *HEAVY),
)
OPENED = (
    _of("bomb.odt", lambda: opened(b"<a>" + b" " * 640 * MIB), "too_large"),
    _of("lying.odt", lambda: lying(opened("<text:p>" + "a" * 8 * MIB + "</text:p>"), 5_000), "damaged"),
    _of("laughs.odt", lambda: opened(_LAUGHS.encode()), "unsafe"),
    _of("traversal.odt", lambda: opened("", **{"../../tmp/escaped.xml": "x"}), "unsafe"),
    _of("deep.odt", lambda: opened("<text:section>" * 100_000), "too_complex"),
    _of("locked.odt", lambda: opened("", **{"META-INF/manifest.xml": _LOCKED}), "locked"),
    _of("none.odt", lambda: packed({"mimetype": "application/vnd.oasis.opendocument.text"},
                                   change=_as_it_is), "damaged"),
    _of("blanks.odt", lambda: opened('<text:p>a<text:s text:c="999999999"/></text:p>' * 100), TEXT),
    _of("again.ods", lambda: opened(_ROW, "spreadsheet"), TEXT),
    _of("sheets.ods", lambda: opened(_ROW * 1_000, "spreadsheet"), TEXT),
)  # fmt: skip
#: What would be looked at, did it not say how large it is, or take so long.
SEEN = (
    _of("flood.png", flood, "too_large", UNSEEN),
    _of("wide.png", lambda: _wide_png(20_000), "too_large", UNSEEN),
    _of("flood.jpg", lambda: _jpeg(65_000), "too_large", UNSEEN),
    _of("short.jpg", lambda: _jpeg(7_900), NOTHING, UNSEEN),
    _of("flood.webp", lambda: _webp(16_383), "too_large", "too_complex", "damaged", UNSEEN),
    _of("flood.tif", lambda: _tiff(*_grey(2**31, 2**31, 8, 100)), "too_large", "damaged", UNSEEN),
    _of("round.tif", lambda: _tiff(*_grey(60, 60, 130, 3_600), after=8, content=b"\x80" * 4_000),
        NOTHING, "damaged", UNSEEN),
    _of("far.tif", lambda: _tiff(*_grey(60, 60, 2**31, 2**31), after=2**31), "damaged", NOTHING, UNSEEN),
    _of("tags.tif", lambda: b"MM\x00*" + b"\xff" * 4_000, "damaged", UNSEEN),
    _of("noise.png", lambda: noise(3_000, 3_000), NOTHING, "too_slow", "too_complex", UNSEEN),
    _of("scans.pdf", lambda: scans(10_000), NOTHING, *HEAVY, UNSEEN),
    _of("wall.pdf", lambda: scans(1, side=20_000), NOTHING, *HEAVY, UNSEEN),
    _of("pasted.docx", lambda: pasted(flood(), _wide_png(20_000), b"", noise(300, 300), shown=100), TEXT),
    _of("covered.xlsx", lambda: covered(flood(), b"", noise(300, 300), times=50_000), TEXT),
    _of("album.docx", lambda: pasted(*[noise(200, 200)] * 400), TEXT),
    _of("endless.tif", lambda: _tiff(*_grey(4_000, 4_000, 130, 16_000_000)), NOTHING, "damaged", UNSEEN),
)  # fmt: skip
CORPUS = {one.name: one for one in (*ARCHIVES, *MARKUP, *PAPERS, *OTHERS, *OPENED, *SEEN)}
