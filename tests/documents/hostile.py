"""Files that mean harm, made here: what each is called, what it holds, and how reading it may end.

`TEXT` is an end with sections, `NOTHING` one without; any other is the code of a refusal. `UNKNOWN`: its
content is of no type that we know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.documents.making.office import (
    ODS_ROW,
    ODT_LAUGHS,
    ODT_LOCKED,
    as_it_is,
    bomb,
    covered,
    declaring,
    deep,
    docx,
    external,
    laughs,
    linked,
    locked_part,
    lying,
    nested,
    ole,
    opened,
    overlapping,
    packed,
    paragraph,
    pasted,
    pptx,
    xlsx,
)
from tests.documents.making.papers import (
    CATALOGUE,
    HELLO,
    MIB,
    acting,
    deflated,
    deflated_twice,
    endless_pages,
    forms,
    many_pages,
    page,
    pdf,
    scans,
)
from tests.documents.making.pictures import flood, grey, jpeg, noise, tiff, webp, wide_png

TEXT, NOTHING, UNKNOWN = "text", "nothing", "unknown"

#: A machine that reads no pictures.
UNSEEN = "no_reader"
#: Reading it takes much: any of these is well, within the limits.
HEAVY = (TEXT, NOTHING, "too_complex", "too_slow")
#: What nothing of a file may ever bring to light.
CANARY = "root:x:0:0"


@dataclass(frozen=True)
class Hostile:
    name: str
    make: Callable[[], bytes]
    ends: frozenset[str]


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
    _of("brackets.pdf", lambda: pdf(CATALOGUE, b"[" * 3 * MIB), "damaged", *HEAVY),
    _of("cut.pdf", lambda: page(HELLO)[:-120], TEXT, NOTHING, "damaged"),
    _of("begun.pdf", lambda: b"%PDF-1.7\n", "damaged"),
    _of("archive.pdf", lambda: page(HELLO) + docx(paragraph("other")), TEXT),
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
    _of("laughs.odt", lambda: opened(ODT_LAUGHS.encode()), "unsafe"),
    _of("traversal.odt", lambda: opened("", **{"../../tmp/escaped.xml": "x"}), "unsafe"),
    _of("deep.odt", lambda: opened("<text:section>" * 100_000), "too_complex"),
    _of("locked.odt", lambda: opened("", **{"META-INF/manifest.xml": ODT_LOCKED}), "locked"),
    _of("none.odt", lambda: packed({"mimetype": "application/vnd.oasis.opendocument.text"},
                                   change=as_it_is), "damaged"),
    _of("blanks.odt", lambda: opened('<text:p>a<text:s text:c="999999999"/></text:p>' * 100), TEXT),
    _of("again.ods", lambda: opened(ODS_ROW, "spreadsheet"), TEXT),
    _of("sheets.ods", lambda: opened(ODS_ROW * 1_000, "spreadsheet"), TEXT),
)  # fmt: skip

#: What would be looked at, did it not say how large it is, or take so long.
SEEN = (
    _of("flood.png", flood, "too_large", UNSEEN),
    _of("wide.png", lambda: wide_png(20_000), "too_large", UNSEEN),
    _of("flood.jpg", lambda: jpeg(65_000), "too_large", UNSEEN),
    _of("short.jpg", lambda: jpeg(7_900), NOTHING, UNSEEN),
    _of("flood.webp", lambda: webp(16_383), "too_large", "too_complex", "damaged", UNSEEN),
    _of("flood.tif", lambda: tiff(*grey(2**31, 2**31, 8, 100)), "too_large", "damaged", UNSEEN),
    _of("round.tif", lambda: tiff(*grey(60, 60, 130, 3_600), after=8, content=b"\x80" * 4_000),
        NOTHING, "damaged", UNSEEN),
    _of("far.tif", lambda: tiff(*grey(60, 60, 2**31, 2**31), after=2**31), "damaged", NOTHING, UNSEEN),
    _of("tags.tif", lambda: b"MM\x00*" + b"\xff" * 4_000, "damaged", UNSEEN),
    _of("noise.png", lambda: noise(3_000, 3_000), NOTHING, "too_slow", "too_complex", UNSEEN),
    _of("scans.pdf", lambda: scans(10_000), NOTHING, *HEAVY, UNSEEN),
    _of("wall.pdf", lambda: scans(1, side=20_000), NOTHING, *HEAVY, UNSEEN),
    _of("pasted.docx", lambda: pasted(flood(), wide_png(20_000), b"", noise(300, 300), shown=100), TEXT),
    _of("covered.xlsx", lambda: covered(flood(), b"", noise(300, 300), times=50_000), TEXT),
    _of("album.docx", lambda: pasted(*[noise(200, 200)] * 400), TEXT),
    _of("endless.tif", lambda: tiff(*grey(4_000, 4_000, 130, 16_000_000)), NOTHING, "damaged", UNSEEN),
)  # fmt: skip

CORPUS = {one.name: one for one in (*ARCHIVES, *MARKUP, *PAPERS, *OTHERS, *OPENED, *SEEN)}
