"""The text of files that people have: of every type, from other people's programs, in whole and in part."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pptx
import pytest
from django.utils.translation import override
from docx import Document
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from documents.extraction import CODES, LOOKED_AT, CannotRead, Limits, Section, extract, recognise
from documents.extraction.media import DOCX, HTML, OLE, PDF, PPTX, XLSX
from documents.locating import shown_place
from documents.unreadable import why
from tests.documents.hostile import CORPUS
from tests.documents.making.office import ole, opened

Kept = Callable[[str, bytes], Path]
#: A presentation of somebody else, made in PowerPoint; it comes with a package of npm.
SLIDES = Path(__file__).parents[1] / "peers/node/node_modules/lokijs/presentations/lokijs.pptx"


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    def keep(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return keep


def type_of(path: Path) -> str:
    with path.open("rb") as file:
        media = recognise(file.read(LOOKED_AT), path.name)
    assert media is not None, path.name
    return media.type


def read(path: Path, **limits: float) -> list[Section]:
    return list(extract(path, type_of(path), limits=Limits(**limits)))  # type: ignore[arg-type]


def refused(path: Path) -> str:
    with pytest.raises(CannotRead) as refusal:
        read(path)
    return refusal.value.code


def saved(document: object) -> bytes:
    made = io.BytesIO()
    document.save(made)  # type: ignore[attr-defined]
    return made.getvalue()


def letter() -> bytes:
    made = Document()
    made.add_heading("Política de férias", 0)
    made.add_paragraph("São trinta dias.")
    made.add_heading("Como pedir", 2)
    for line in ("ao gestor", "por escrito"):
        made.add_paragraph(line, style="List Bullet")
    table = made.add_table(2, 2)
    for cell, said in zip(table._cells, ("Quem", "Dias", "Todos", "30"), strict=True):
        cell.text = said
    made.add_paragraph().add_run("secret").font.hidden = True
    return saved(made)


def book() -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Vendas! {x}"
    sheet.append(["Dia", "Valor", "Parte", "Hora", "Pago"])
    sheet.append([datetime.date(2026, 11, 27), 1234.5, 0.125, datetime.time(14, 30), True])
    sheet["C2"].number_format = '0.0%;[Red]"-"0.0%'
    for number in range(100):
        sheet.append([number, f"linha {number}"])
    made.create_sheet("Vazia")
    made.create_sheet("Fim")["B3"] = "último"
    return saved(made)


def show() -> bytes:
    made = pptx.Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text, first.placeholders[1].text = "Visão geral", "um\ndois"
    first.notes_slide.notes_text_frame.text = "dizer olá"
    second = made.slides.add_slide(made.slide_layouts[5]).shapes.add_table(1, 2, 0, 0, 9_000, 9_000).table
    second.cell(0, 0).text, second.cell(0, 1).text = "a", "b"
    return saved(made)


def paper(*pages: str, password: str | None = None) -> bytes:
    made = io.BytesIO()
    lock = StandardEncryption(password, ownerPassword="o") if password is not None else None
    canvas = Canvas(made, encrypt=lock)
    for text in pages:
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


PAGE = """<!doctype html><html><head><meta charset="iso-8859-1"><style>p{}</style></head><body>
<script>alert("no")</script><h1>Fé&nbsp;&amp; ação</h1><p>Um <b>só</b>
parágrafo.</p><p hidden>never<p style="display: none">seen</p><ul><li>a</li><li>b</ul>
<table><tr><th>h</th><td>i</td></tr><tr><td>j</td></tr></table><pre>x
  y</pre></body></html>"""


def test_office_documents_give_their_text_and_where_it_stands(kept: Kept) -> None:
    assert read(kept("a.docx", letter())) == [
        Section("Política de férias", "# Política de férias\n\nSão trinta dias."),
        Section("Como pedir", "## Como pedir\n\n- ao gestor\n- por escrito\n\nQuem | Dias\nTodos | 30"),
    ]
    first, second, *_more, last = read(kept("a.xlsx", book()))
    assert first.place == "sheet:Vendas! {x}!A1"
    assert first.text.startswith(
        "Dia | Valor | Parte | Hora | Pago\n2026-11-27 | 1234.5 | 12.5% | 14:30 | TRUE\n0 |"
    )
    row = int(second.place.rpartition("!A")[2])
    assert second.text.startswith(f"Dia | Valor | Parte | Hora | Pago\n{row - 3} | linha {row - 3}\n")
    assert last == Section("sheet:Fim!A3", "| último")
    assert read(kept("a.pptx", show())) == [
        Section("slide:1", "Visão geral\num\ndois\n\ndizer olá"),
        Section("slide:2", "a | b"),
    ]


def test_papers_and_pages_give_what_a_person_sees(kept: Kept) -> None:
    told: list[tuple[int, int]] = []
    path = kept("a.pdf", paper("Coração", "", "Fim"))
    with extract(path, PDF.type, progress=lambda done, of: told.append((done, of))) as reading:
        assert list(reading) == [Section("page:1", "Coração"), Section("page:3", "Fim")]
    assert (told, reading.cut) == ([(1, 3), (2, 3), (3, 3)], False)
    wanted = "# Fé & ação\n\nUm só parágrafo.\n\n- a\n- b\n\nh | i\nj\n\nx\n  y"
    assert read(kept("a.html", PAGE.encode("latin-1"))) == [Section("Fé & ação", wanted)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_a_text_is_read_as_it_was_written(kept: Kept, encoding: str) -> None:
    text = "Não há ação sem reação: café, pão, você.\nFim"
    assert read(kept("a.txt", text.replace("\n", "\r\n").encode(encoding))) == [Section("", text)]


def test_headings_and_rows_are_places(kept: Kept) -> None:
    text = "before\n\n# Um #\na\n```\n# none\n```\n### Dois\nb"
    found = [(one.place, one.text[:5]) for one in read(kept("a.md", text.encode()))]
    assert found == [("", "befor"), ("Um", "# Um "), ("Dois", "### D")]
    lines = "nome;dia\n" + "".join(f'"João; {n}";{n}\n' for n in range(100))
    first, second, *_more = read(kept("a.csv", lines.encode("latin-1")))
    assert (first.place, first.text[:24]) == ("row:1", "nome | dia\nJoão; 0 | 0\nJ")
    assert second.text.startswith(f"nome | dia\nJoão; {int(second.place[4:]) - 2} | ")


ODT = """<text:h text:outline-level="1">Política de férias</text:h><text:p>São<text:s text:c="2"/>trinta
dias.<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>úteis</text:p></text:note-body>
</text:note></text:p><office:annotation><text:p>no</text:p></office:annotation>
<text:tracked-changes><text:p>former</text:p></text:tracked-changes>
<text:list><text:list-item>
<text:p>ao gestor</text:p></text:list-item><text:list-item>
<text:p>por escrito</text:p>
</text:list-item></text:list><table:table><table:table-row>
<table:table-cell>
<text:p>Quem</text:p></table:table-cell>
<table:table-cell>
<text:p>Dias</text:p></table:table-cell></table:table-row></table:table>"""
ODS = """<table:table table:name="Vendas"><table:table-row>
<table:table-cell>
<text:p>Dia</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="2"/><table:table-cell>
<text:p>Valor</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="16000"/></table:table-row>
<table:table-row
table:number-rows-repeated="7"><table:table-cell/></table:table-row><table:table-row>
<table:table-cell
office:value-type="date" office:date-value="2026-11-27">
<text:p>27/11/26</text:p></table:table-cell>
<table:covered-table-cell table:number-columns-repeated="2"/>
<table:table-cell>
<text:p>R$ 1.234,50</text:p></table:table-cell></table:table-row></table:table>
<table:table table:name="Fim"><table:table-row
table:number-rows-repeated="2"><table:table-cell/></table:table-row>
<table:table-row>
<table:table-cell>
<text:p>último</text:p></table:table-cell></table:table-row></table:table>"""


def test_opendocument_gives_its_text_and_where_it_stands(kept: Kept) -> None:
    assert read(kept("a.odt", opened(ODT))) == [
        Section(
            "Política de férias",
            "# Política de férias\n\nSão  trinta dias.\n\núteis\n\n- ao gestor\n- por escrito\n\nQuem | Dias",
        )
    ]
    assert read(kept("a.ods", opened(ODS, "spreadsheet"))) == [
        Section("sheet:Vendas!A1", "Dia |  |  | Valor\n2026-11-27 |  |  | R$ 1.234,50"),
        Section("sheet:Fim!A3", "último"),
    ]
    for name in ("traversal.odt", "laughs.odt", "deep.odt", "locked.odt", "lying.odt"):
        assert refused(kept(name, CORPUS[name].make())) in CORPUS[name].ends


@pytest.mark.needs("node")
def test_what_somebody_made_in_libreoffice_and_in_powerpoint_is_read() -> None:
    found = read(SLIDES)
    assert read(SLIDES.with_suffix(".odp")) == found, "the same slides"
    assert [one.place for one in found[:2]] == ["slide:1", "slide:2"]
    assert "JavaScript In-Memory Database".lower() in found[0].text.lower()
    assert len(found) > 10


def test_forms_that_were_filled_in_and_charts_are_read(kept: Kept) -> None:
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawString(72, 780, "Ficha")
    canvas.acroForm.textfield(tooltip="Nome", name="n", value="João Conceição", x=72, y=700)
    canvas.acroForm.textfield(tooltip="Vazio", name="v", x=72, y=650)
    canvas.acroForm.checkbox(tooltip="Fumante", name="f", checked=True, x=72, y=600)
    canvas.acroForm.checkbox(tooltip="Alérgico", name="a", x=72, y=580)
    canvas.save()
    form = Section("page:1", "Ficha\n\nNome: João Conceição\nFumante: Yes")
    assert read(kept("a.pdf", made.getvalue())) == [form]
    show, numbers = pptx.Presentation(), CategoryChartData()
    numbers.categories = ["janeiro", "fevereiro"]
    numbers.add_series("Receita", (10.5, 20))
    slide = show.slides.add_slide(show.slide_layouts[6])
    chart = slide.shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, 9_000, 9_000, numbers).chart
    chart.chart_title.text_frame.text = "Por mês"
    wanted = Section("slide:1", "Por mês\nReceita: janeiro 10.5; fevereiro 20")
    assert read(kept("a.pptx", saved(show))) == [wanted]


def test_what_is_too_long_is_cut_and_says_so(kept: Kept) -> None:
    long = kept("a.txt", b"one line of many\n" * 10_000)
    with extract(long, type_of(long), limits=Limits(text=30_000)) as reading:
        assert 29_000 < sum(len(one.text) for one in reading) <= 30_000
    assert reading.cut
    pages = kept("a.pdf", paper("one", "two", "three"))
    with extract(pages, PDF.type, limits=Limits(pages=2)) as reading:
        assert [one.text for one in reading] == ["one", "two"]
    assert reading.cut
    reading = extract(long, type_of(long))
    assert next(reading).text.startswith("one line")
    reading.close()
    assert list(reading) == []


def test_what_asks_for_a_password_or_is_too_old_says_so(kept: Kept) -> None:
    assert refused(kept("a.pdf", paper("x", password="p"))) == "locked"
    assert [one.text for one in read(kept("b.pdf", paper("x", password="")))] == ["x"]
    assert refused(kept("a.xlsx", ole("EncryptedPackage"))) == "locked"
    assert refused(kept("a.doc", ole("WordDocument"))) == "old_format"
    with pytest.raises(CannotRead, match="not_read"):
        list(extract(kept("a.zip", b"PK"), "application/zip"))


def test_a_file_is_what_its_content_says(kept: Kept) -> None:
    document, sheet = letter(), book()
    assert [recognise(document, name) for name in ("a.docx", "a.pdf", "a.txt")] == [DOCX] * 3
    assert recognise(sheet, "a.docx") == XLSX
    assert recognise(show()[:LOOKED_AT], "x") == PPTX
    assert recognise(document, "a.DOTX").type.endswith("wordprocessingml.template")  # type: ignore[union-attr]
    assert recognise(PAGE.encode(), "a.txt") == recognise(b"<p>a fragment</p>", "a.htm") == HTML
    assert recognise(ole("WordDocument"), "a.doc") == OLE
    texts = {"a.md": "text/markdown", "a.csv": "text/csv", "a.pdf": "text/plain", "a": "text/plain"}
    assert {name: recognise("Ação".encode(), name).type for name in texts} == texts  # type: ignore[union-attr]
    unknown = (b"", b" \n", b"MZ\x90\x00", b"a\x00b", bytes(range(128, 256)), "Привет".encode("cp1251"))
    assert [recognise(content, "a.txt") for content in unknown] == [None] * len(unknown)


def test_people_are_told_where_a_passage_stands_and_what_is_wrong_with_a_file() -> None:
    with override("en"):
        assert shown_place("page:3") == "page 3"
        assert shown_place("sheet:Vendas! {x}!A41") == "sheet “Vendas! {x}”, A41"
        assert [shown_place(one) for one in ("slide:2", "row:9")] == ["slide 2", "row 9"]
        assert shown_place("page:3:image") == "page 3, read from an image"
        assert [shown_place(one) for one in ("Note:image", ":image")] == [
            "Note, read from an image",
            "read from an image",
        ]
        assert [shown_place(one) for one in ("", "page:", "Note: read")] == ["", "page:", "Note: read"]
        said = {code: why(code) for code in CODES}
    assert len(set(said.values())) == len(CODES)
    assert why("failed") == why("of tomorrow")
