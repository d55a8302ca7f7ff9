"""Every text of the pages is there in Brazilian Portuguese."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from io import BytesIO
from operator import eq

from babel.messages.catalog import Message
from babel.messages.mofile import write_mo

from humana import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
HTML_TAG = re.compile(r"</?\w+")
TOLD = [message for message in messages.kept() if message.id]


def test_nothing_is_missing_left_over_or_untranslated() -> None:
    assert messages.problems() == []


def test_no_text_is_marked_under_a_name_that_nobody_looks_for() -> None:
    names = {
        name.asname or name.name
        for path in messages._files()
        if path.suffix == ".py"
        for found in ast.walk(ast.parse(path.read_text()))
        if isinstance(found, ast.ImportFrom) and found.module == "django.utils.translation"
        for name in found.names
        if "gettext" in name.name
    }
    assert names <= messages.KEYWORDS.keys()


def test_the_catalogue_compiles_and_answers() -> None:
    compiled = BytesIO()
    write_mo(compiled, messages.kept())
    compiled.seek(0)
    portuguese = gettext.GNUTranslations(compiled)
    for message in TOLD:
        singular, said = texts(message)
        told = (
            portuguese.pgettext(message.context, singular)
            if message.context
            else portuguese.gettext(singular)
        )
        assert told == said[0]


def test_a_translation_keeps_placeholders_and_tags() -> None:
    assert [message.id for message in TOLD if not all(map(eq, *words_of_machines(message)))] == []


def test_a_translation_keeps_edges_and_breaks() -> None:
    """A lost space or full stop shows on the page."""
    assert [message.id for message in TOLD if len(set(edges(message))) > 1] == []


def words_of_machines(message: Message) -> tuple[list[list[str]], list[list[str]]]:
    """Placeholders and tags of each form of the original, one and many, and of its translation."""
    many = isinstance(message.id, (tuple, list))
    originals, (_first, translations) = message.id if many else [message.id], texts(message)
    return [signs(text) for text in originals], [signs(text) for text in translations]


def signs(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text)) + sorted(HTML_TAG.findall(text))


def edges(message: Message) -> Iterator[tuple[bool, bool, bool]]:
    original, translations = texts(message)
    for text in (original, *translations):
        yield text[:1].isspace(), text[-1:].isspace(), text.rstrip().endswith((".", "…", "?", ":"))


def texts(message: Message) -> tuple[str, list[str]]:
    """The original (its plural where it has one: that has all placeholders) and its translations."""
    if isinstance(message.id, (tuple, list)):
        return message.id[0], list(message.string)
    return message.id, [str(message.string)]
