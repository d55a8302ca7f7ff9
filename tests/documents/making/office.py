"""Office files as thin as can be, and what may be wrong with them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

from tests.documents.making.papers import MIB

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OPENS = f'<w:document xmlns:w="{W}"><w:body>'
CLOSES = "</w:body></w:document>"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_OPENED = (
    f'<office:document-content xmlns:office="{_OASIS}:office:1.0" xmlns:text="{_OASIS}:text:1.0"'
    f' xmlns:table="{_OASIS}:table:1.0" xmlns:style="{_OASIS}:style:1.0" xmlns:draw="{_OASIS}:drawing:1.0">'
)
_SHUT = "</office:body></office:document-content>"
ODT_LOCKED = f'<m:manifest xmlns:m="{_OASIS}:manifest:1.0"><m:encryption-data/></m:manifest>'
ODT_LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><a>&a9;</a>"
)
ODS_ROW = (
    '<table:table table:name="A"><table:table-row table:number-rows-repeated="999999999">'
    '<table:table-cell table:number-columns-repeated="999999999"><text:p>hello</text:p></table:table-cell>'
    "</table:table-row></table:table>"
)


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
    main = body if isinstance(body, bytes) else f"{OPENS}{body}{CLOSES}"
    return packed({"[Content_Types].xml": "<Types/>", "word/document.xml": main, **more})


def declaring(declared: str, text: str = "") -> bytes:
    return docx(f"<?xml version='1.0'?><!DOCTYPE w [{declared}]>{OPENS}{paragraph(text)}{CLOSES}".encode())


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
            part.write(OPENS.encode())
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

    return packed({"word/document.xml": f"{OPENS}{CLOSES}", "word/link.xml": "/etc/passwd"}, change=as_link)


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


def ole(name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000 + name.encode("utf-16-le") + b"\x00" * 200


def opened(content: str | bytes, kind: str = "text", **more: bytes | str) -> bytes:
    """An OpenDocument as thin as can be; a string is what stands in its body."""
    body = f"office:{ {'text': 'text', 'spreadsheet': 'spreadsheet'}[kind] }"
    main = (
        content if isinstance(content, bytes) else f"{_OPENED}<office:body><{body}>{content}</{body}>{_SHUT}"
    )
    first = {"mimetype": f"application/vnd.oasis.opendocument.{kind}"}
    return packed({**first, "content.xml": main, **more}, change=as_it_is)


def as_it_is(part: zipfile.ZipInfo) -> None:
    """What it is stands first, and is not packed."""
    part.compress_type = zipfile.ZIP_STORED if part.filename == "mimetype" else zipfile.ZIP_DEFLATED
