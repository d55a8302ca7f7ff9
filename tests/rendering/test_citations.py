"""Numbers of sources in an answer: links where they were given, words as written everywhere else."""

from __future__ import annotations

import re
from html import unescape

import pytest

from humana.rendering.blocks import BlockStream
from humana.rendering.citations import Cite, Mark, blanked, marks_in
from humana.rendering.markdown import cites_in, render

CITES = {
    1: Cite("/o/a/messages/x/sources/#source-1", "Source 1: Leave, page 3"),
    3: Cite("/o/a/messages/x/sources/#source-3", 'Source 3: "Pay" <b>'),
}


def links(text: str) -> list[str]:
    return re.findall(r'<a class="cite"[^>]*>.*?</a>', render(text, cites=CITES))


@pytest.mark.parametrize(
    ("text", "numbers", "unknown"),
    [
        ("Thirty days [1].", (1,), 0),
        ("Both [3][1], again [1].", (3, 1), 0),
        ("Both [1, 3] and [1,3] and [1; 3].", (1, 3), 0),
        ("Half [1, 9] of it [7].", (1,), 2),
        ("In `code [1]` and\n\n```\nx[1]\n```\n\n    y[3]\n", (), 0),
        ("[1](https://example.org) is a link", (), 0),
        ("Not \\[1] nor [01a] nor [1.5]", (), 0),
        ("- one [1]\n- two\n\n| a | b |\n|---|---|\n| x [3] | y |", (1, 3), 0),
        ("**bold [1]** and *[3]*", (1, 3), 0),
        ("[1]: https://evil.example\n\nSee [1].", (1,), 0),
    ],
)
def test_what_is_a_citation_and_what_is_not(text: str, numbers: tuple[int, ...], unknown: int) -> None:
    found = cites_in(text, [1, 3])
    assert (found.numbers, found.unknown) == (numbers, unknown)
    shown = [int(one) for link in links(text) for one in re.findall(r">(\d+)<", link)]
    assert tuple(dict.fromkeys(shown)) == numbers, "the page shows just what is counted"
    assert "evil.example" not in render(text, cites=CITES)


def test_where_a_text_names_its_sources_and_how_it_reads_without() -> None:
    text = "Ten [1][3], `x[1]`.\n\n```\ny[1]\n```\n\n[1](https://a.example) \\[1] [1, 9]"
    marks = marks_in(text, [1, 3])
    assert [(one.number, text[one.start : one.end]) for one in marks] == [
        (1, "[1]"),
        (3, "[3]"),
        (1, "[1, 9]"),
    ]
    assert marks[0] == Mark(1, 4, 7)
    without = blanked(text, [1])
    assert (len(without), without[:14]) == (len(text), "Ten    [3], `x")
    assert "`x[1]`" in without, "code says what it says"


def test_a_link_says_which_source_it_is_and_copies_as_it_was_written() -> None:
    (link,) = links("Thirty days [1].")
    assert 'aria-label="Source 1: Leave, page 3"' in link
    assert 'href="/o/a/messages/x/sources/#source-1"' in link
    assert re.sub("<[^>]+>", "", link) == "[1]"
    label = re.search(r'aria-label="([^"]*)"', render("[3]", cites=CITES))
    assert label is not None
    assert unescape(label[1]) == CITES[3].label, "a title is words, whatever stands in it"
    assert render("Thirty days [1].") == "<p>Thirty days [1].</p>\n", "nothing was given"


def test_words_of_a_link_stay_one_link() -> None:
    html = render("[see [1] here](https://example.org)", cites=CITES)
    assert not re.search(r"<a[^>]*>[^/]*<a", html)


def test_while_it_is_written_it_looks_as_it_will_in_the_end() -> None:
    text = "Thirty days [1], ten more [3].\n\n- in `a[1]` not\n- here [1, 3]\n\nEnd [9] [1]."
    stream, page = BlockStream(CITES), dict[int, str]()
    for sign in text:
        page |= {index: html for index, html, _closed in stream.feed(sign)}
    page |= {index: html for index, html, _closed in stream.finish()}
    assert "".join(page[one] for one in sorted(page)) == render(text, coloured=False, cites=CITES)
