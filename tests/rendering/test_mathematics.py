"""Formulas are drawn, money stays money, and what cannot be read stays as it was written."""

from __future__ import annotations

import time

import pytest

from humana.rendering.blocks import BlockStream
from humana.rendering.markdown import render


@pytest.mark.parametrize(
    "text",
    ["\\(e^{i\\pi}\\)", "$x^2$", "$n$", "$$ x $$", "\\[ x \\]", "> $$\n> a - b\n> $$", "- so $a_1$"],
)
def test_a_formula_is_drawn(text: str) -> None:
    assert "<math" in render(text)
    assert "$" not in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "R$ 8,50 e R$ 9,00",
        "from $5 to $10",
        "US$5 and US$6",
        "`$x^2$`",
        "a $ b $ c",
        "$$ never closed",
        "\\$5",
    ],
)
def test_money_and_code_are_no_formulas(text: str) -> None:
    assert "<math" not in render(text)


def test_lines_of_a_formula_are_no_list_and_no_heading() -> None:
    html = render("So:\n\n$$\na = b\n- c\n===\n$$\n\nEnd.")
    assert "<li>" not in html
    assert "<h" not in html
    assert html.count("<math") == 1


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{</mtext><script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//evil.example)}{x}",
        r"\class{danger}{x}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\unknown{",
        "{" * 900,
        r"\frac" * 300,
    ],
)
def test_hostile_tex_draws_or_stays_text_and_does_nothing(tex: str) -> None:
    began = time.monotonic()
    html = render(f"\\({tex}\\)")
    assert time.monotonic() - began < 10
    assert not any(word in html for word in ("<script", "<img", "href", "style=", 'class="danger"'))


def test_a_formula_comes_whole_while_it_is_written() -> None:
    stream, told = BlockStream(), {}
    for letter in "So:\n\n$$\na\n- b\n$$\n\nand on\n\n":
        told |= {at: html for at, html, _closed in stream.feed(letter)}
    told |= {at: html for at, html, _closed in stream.finish()}
    assert [("<math" in html) for _at, html in sorted(told.items())] == [False, True, False]
