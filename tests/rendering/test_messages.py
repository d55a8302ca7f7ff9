"""Every text of the pages is there in Brazilian Portuguese."""

from __future__ import annotations

import gettext
import re
from io import BytesIO

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo

from humana import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
HTML_TAG = re.compile(r"</?\w+")
TOLD = [message for message in messages.kept() if message.id]


def test_nothing_is_missing_left_over_or_untranslated() -> None:
    assert messages.problems() == []


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


@pytest.mark.parametrize("message", TOLD, ids=lambda message: texts(message)[0][:60])
def test_a_translation_keeps_placeholders_and_tags(message: Message) -> None:
    original, translations = texts(message)
    for text in translations:
        for pattern in (PLACEHOLDER, HTML_TAG):
            assert sorted(pattern.findall(text)) == sorted(pattern.findall(original))


@pytest.mark.parametrize("message", TOLD, ids=lambda message: texts(message)[0][:60])
def test_a_translation_keeps_edges_and_breaks(message: Message) -> None:
    """A lost space or full stop shows on the page."""
    original, translations = texts(message)
    for text in translations:
        assert (text[:1].isspace(), text[-1:].isspace()) == (original[:1].isspace(), original[-1:].isspace())
        assert text.rstrip().endswith((".", "…", "?", ":")) == original.rstrip().endswith(
            (".", "…", "?", ":")
        )


def texts(message: Message) -> tuple[str, list[str]]:
    """The original (its plural where it has one: that has all placeholders) and its translations."""
    if isinstance(message.id, (tuple, list)):
        return message.id[0], list(message.string)
    return message.id, [str(message.string)]
