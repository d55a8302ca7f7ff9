"""Dates in words."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from humana.kernel.text import in_words

DAY = date(2026, 11, 7)


@pytest.mark.parametrize(
    ("language", "form", "words"),
    [
        ("pt-br", "DATE_FORMAT", "7 de novembro de 2026"),
        ("pt-br", "YEAR_MONTH_FORMAT", "novembro de 2026"),
        ("pt-br", "MONTH_DAY_FORMAT", "7 de novembro"),
        ("en", "DATE_FORMAT", "Nov. 7, 2026"),
        ("en", "YEAR_MONTH_FORMAT", "November 2026"),
    ],
)
def test_a_month_is_written_as_the_language_writes_it(language: str, form: str, words: str) -> None:
    with override(language):
        assert in_words(DAY, form) == words
