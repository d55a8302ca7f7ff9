"""A text block by block as it grows: the same as at once, and never dear, whatever is written."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humana.rendering.blocks import PART, PLAIN_LIMIT, BlockStream
from humana.rendering.markdown import render


def fed(pieces: list[str]) -> str:
    """What a reader who was told every change has on the page in the end."""
    stream, page, closed = BlockStream(), dict[int, str](), set[int]()
    for piece in pieces:
        for index, html, is_closed in stream.feed(piece):
            assert index not in closed, "a closed block changed"
            page[index] = html
            closed |= {index} if is_closed else set()
    page |= {index: html for index, html, _ in stream.finish()}
    assert sorted(page) == list(range(len(page)))
    return "".join(page[index] for index in sorted(page))


WORD = st.sampled_from(
    [
        "calm",
        "*slow*",
        "**dear**",
        "`code`",
        "a|b",
        "1.",
        "-",
        "x_y",
        "[d]",
        "https://a.example",
        "ana@b.example",
    ]
)
LINE = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
BLOCKS = st.one_of(
    st.lists(LINE, min_size=1, max_size=3).map("\n".join),
    st.tuples(st.sampled_from(["# ", "## ", "###### "]), LINE).map("".join),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: "\n".join(f"- {line}" for line in lines)),
    st.lists(LINE, min_size=1, max_size=3).map(
        lambda lines: "\n\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    ),
    st.lists(LINE, min_size=1, max_size=2).map(lambda lines: "- " + "\n\n  ".join(lines)),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: "\n".join(f"> {line}" for line in lines)),
    st.lists(LINE, max_size=3).map(lambda lines: "\n".join(["```python", *lines, "", "x = 1", "```"])),
    st.lists(LINE, max_size=3).map(
        lambda lines: "\n".join(["| a | b |", "|---|:-:|", *("| 1 | 2 |" for _ in lines)])
    ),
    LINE.map(lambda line: f"    {line}"),
    st.sampled_from(["---", "Title\n===", "***", "[d]: https://defined.example"]),
)
DEFINED_FIRST = "[d]: https://first.example\n\n"


@given(blocks=st.lists(BLOCKS, min_size=1, max_size=6), data=st.data())
def test_blocks_add_up_to_the_whole_text(blocks: list[str], data: st.DataObject) -> None:
    text = DEFINED_FIRST + "\n\n".join(blocks)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=30)))
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    assert fed(pieces) == render(text, coloured=False)


@pytest.mark.parametrize(
    "text",
    [
        "1. one\n\n2. two\n\n3. three",
        "- one\n\n- two",
        "Above\na | b\n--|--x\nbelow",
        "| a |\n|---|\n-x",
        "> quoted\n-lazy",
        "one\u2028still one\n\n# two\n\nthree",
        "one\x0cstill\n\n- two",
        "one\r\n\r\n- two\r\n\r\n- three\r\n\r\nfour",
        "[d]: https://a.example\n\nSee [d].\n\n- and [d]",
        "```\nunclosed\n\n# not a heading",
        "```py\nclosed\n```\nafter",
        "~~~ a b\n``` not the end\n~~~\n\n> quoted",
        "one\n\n[d]: /own/page\n\ntwo",
        "\n\n\nlate",
    ],
)
def test_letter_by_letter_is_the_same_as_at_once(text: str) -> None:
    assert fed(list(text)) == render(text, coloured=False)


@pytest.mark.parametrize(
    ("half", "rest", "shown"),
    [
        ("| Day | Hours |\n|--", "-|---|\n", "<table>"),
        ("$$\n\\frac{a}", "{b}\n$$\n", "<math"),
    ],
)
def test_half_a_table_or_formula_waits_for_the_other_half(half: str, rest: str, shown: str) -> None:
    stream = BlockStream()
    assert [html for one in half for _, html, _ in stream.feed(one)] == []
    ((_, html, _),) = stream.feed(rest)[-1:]
    assert shown in html
    broken = BlockStream()
    assert broken.feed(half) == []
    assert broken.finish() != [], "what was never finished is shown as it is"


def test_a_line_that_only_looks_like_a_table_is_shown_with_the_next() -> None:
    stream = BlockStream()
    assert stream.feed("| said he\n") == []
    ((_, html, _),) = stream.feed("and left")
    assert "said he" in html


def test_all_but_the_last_block_are_closed_while_it_grows() -> None:
    stream = BlockStream()
    stream.feed("# One\n\nTwo\n\nThree\n")
    assert [(index, closed) for index, _, closed in stream.feed("goes on")] == [(2, False)]


# What it costs


GROWING = {
    "one list": "- an item of a list with words\n" * 400,
    "code": "```python\n" + "def twice(x: int) -> int: return 2 * x\n" * 400,
    "one paragraph": "word " * 3000,
    "many paragraphs": "A paragraph of **words** that goes on.\n\n" * 300,
    "one table": "| a | b |\n|---|---|\n" + "| word | word |\n" * 600,
    "brackets": "[" * 20_000,
}


def told(text: str, step: int = 40) -> list[str]:
    """Every piece of HTML a reader is sent while the text comes in steps."""
    stream = BlockStream()
    pieces = [text[start : start + step] for start in range(0, len(text), step)]
    return [html for piece in pieces for _, html, _ in stream.feed(piece)] + [
        html for _, html, _ in stream.finish()
    ]


@pytest.mark.parametrize("text", GROWING.values(), ids=GROWING)
def test_what_is_sent_is_bounded_by_the_length_of_the_text(text: str) -> None:
    """Sent in every step, a block of n characters would cost n × n / 80 and more."""
    markup = len(render(text[:2000], coloured=False)) / 2000
    assert sum(map(len, told(text))) <= (PART + 40) * markup * len(text)


def test_a_short_block_is_shown_with_every_piece() -> None:
    stream = BlockStream()
    assert all(stream.feed("word ") for _ in range(30))


def test_a_long_block_lags_and_is_told_in_the_end() -> None:
    stream, text = BlockStream(), "word " * 400
    stream.feed(text)
    assert stream.feed("last") == []
    ((index, html, closed),) = stream.finish()
    assert (index, closed) == (0, False)
    assert html.endswith("last</p>\n")
    assert stream.finish() == []


def test_a_block_too_long_to_read_into_is_shown_as_written() -> None:
    hostile = "[" * (PLAIN_LIMIT + 1)
    ((_, html, _),) = BlockStream().feed(hostile)
    assert html == f'<div class="as-written">{hostile}</div>'
    ((_, html, _),) = BlockStream().feed("<b>" * PLAIN_LIMIT)
    assert "<b>" not in html


def test_long_code_stays_code() -> None:
    ((_, html, _),) = BlockStream().feed("```\n" + "x = 1\n" * PLAIN_LIMIT)
    assert html.startswith('<div class="code"><pre><code>x = 1')
    assert "as-written" in BlockStream().feed("```\nx\n```\n" + "[" * (PLAIN_LIMIT + 1))[-1][1]


def test_code_is_coloured_only_once_it_is_finished() -> None:
    text = "```python\nx = 1\n```\n"
    assert "<span" not in "".join(told(text)).replace('<span class="code-language">', "")
    assert '<span class="o">' in render(text)
