"""Addresses that stand in what people and companions write, without any sign around them, can be followed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humana.rendering.addresses import linked
from humana.rendering.markdown import render
from tests.rendering.test_markdown import BROKEN, HANDLERS, LOADERS, SCHEMES, SCRIPTS, Reader, assert_harmless

HOSTILE = [*SCRIPTS, *HANDLERS, *SCHEMES, *LOADERS, *BROKEN]
EVERYWHERE = pytest.mark.parametrize("shown", [render, linked], ids=["answer", "question"])
Shown = Callable[[str], str]


def links(html: str) -> list[str]:
    return [attributes["href"] for tag, attributes in assert_harmless(html).tags if tag == "a"]


def without_links(html: str) -> str:
    return unescape(re.sub(r' <span class="host">[^<]*</span>|</?a\b[^>]*>', "", html))


@EVERYWHERE
@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("See https://a.example/b_c_d?q=1&r=2#e.", ["https://a.example/b_c_d?q=1&r=2#e"]),
        ("http://localhost:8000/x, HTTPS://b.example!", ["http://localhost:8000/x", "HTTPS://b.example"]),
        ("(https://a.example/b) (see https://a.example/b_(c))", ["https://a.example/b", "https://a.example/b_(c)"]),
        ("**https://a.example** _https://b.example_", ["https://a.example", "https://b.example"]),
        ("“https://a.example/b”, «https://c.example»", ["https://a.example/b", "https://c.example"]),
        ("To ana_maria@a.com.br, x.y+z@b.example.", ["mailto:ana_maria@a.com.br", "mailto:x.y+z@b.example"]),
        ("Endereço: https://a.example/ação", ["https://a.example/a%C3%A7%C3%A3o"]),
        ("cited at https://a.example/b[1]", ["https://a.example/b"]),
    ],
)  # fmt: skip
def test_an_address_in_a_text_is_a_link(shown: Shown, text: str, leads_to: list[str]) -> None:
    assert links(shown(text)) == leads_to


@EVERYWHERE
@pytest.mark.parametrize(
    "text",
    [
        "`https://a.example` and `ana@b.example`",
        "```\nhttps://a.example\nana@b.example\n```",
        "~~~\nhttps://a.example",
        "javascript:https://a.example blob:https://a.example xhttps://a.example",
        "https:// https://. https:/a.example //a.example ftp://a.example www.a.example",
        "https://bank.example@evil.example/",
        "@b.example a@b a@b.c x/a@b.example a@b.example@c.example",
    ],
)
def test_what_is_code_or_no_whole_address_leads_nowhere(shown: Shown, text: str) -> None:
    assert links(shown(text)) == []


def test_the_words_of_a_link_are_no_second_one() -> None:
    assert links(render("[https://a.example and a@c.example](https://b.example)")) == ["https://b.example"]
    assert links(render("<https://a.example> <ana@b.example>")) == [
        "https://a.example",
        "mailto:ana@b.example",
    ]


@EVERYWHERE
def test_letters_of_other_scripts_get_the_host_they_lead_to_beside_them(shown: Shown) -> None:
    page = Reader(shown("https://bаnk.example/ and https://bank.example/"))  # a Cyrillic letter
    assert page.words.count("(xn--") == 1


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:48])
def test_hostile_text_of_a_question_stays_text(text: str) -> None:
    page = assert_harmless(linked(text))
    assert {tag for tag, _ in page.tags} <= {"a", "span"}
    assert without_links(linked(text)) == text


@given(
    st.text(alphabet="htps:/.@a-_1)(<>\"'&;`~\\ \n\u202e\u00e7\u0430", max_size=80).map("https://a".__add__)
)
def test_whatever_follows_nothing_is_lost_and_nothing_gets_out(text: str) -> None:
    for page in (assert_harmless(linked(text)), assert_harmless(render(text))):
        assert all(attributes["target"] == "_blank" for tag, attributes in page.tags if tag == "a")
    assert without_links(linked(text)) == text
