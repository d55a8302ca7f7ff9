"""Sizes, times and numbers as people read them and may write them, in both languages."""

from __future__ import annotations

import pytest
from django.utils.translation import npgettext_lazy, override

from humana.kernel.errors import Invalid
from humana.kernel.measures import count, duration, size
from tenants.config.catalogue import config_keys
from tenants.config.kinds import Whole
from tenants.config.spoken import Bytes, Seconds

SECONDS, BYTES = Seconds(1, 90 * 86_400), Bytes(1, 5 * 1024**3)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "0.4 s",
                "59 s",
                "1 min 30 s",
                "2 h",
                "1 day 1 h",
                "30 days",
                "50 MB",
                "1.5 GB",
                "16,000",
                "0.25",
            ],
        ),
        (
            "pt-br",
            [
                "0,4 s",
                "59 s",
                "1 min 30 s",
                "2 h",
                "1 dia 1 h",
                "30 dias",
                "50 MB",
                "1,5 GB",
                "16.000",
                "0,25",
            ],
        ),
    ],
)
def test_they_are_said_as_the_reader_says_them(language: str, told: list[str]) -> None:
    with override(language):
        times = [duration(one) for one in (0.4, 59, 90, 7200, 90_061, 30 * 86_400)]
        sizes = [size(one).replace("\xa0", " ") for one in (50 * 1024**2, 1536 * 1024**2)]
        assert [*times, *sizes, count(16_000), count(0.25)] == told


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_what_a_form_shows_is_read_back_as_the_same(language: str) -> None:
    with override(language):
        for number in (1, 59, 60, 61, 3_599, 3_600, 86_400, 90_061, 30 * 86_400):
            assert SECONDS.read(SECONDS.write(number)) == number
        for number in (1, 1_000, 1_024, 1_025, 1_536, 50 * 1024**2, 5 * 1024**3):
            assert BYTES.read(BYTES.write(number)) == number
        for name, key in config_keys.items():
            if not key.secret:
                assert key.read(key.kind.write(key.default)) == key.default, name


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("300", 300),
        ("5 min", 300),
        ("5min", 300),
        ("1 min 30 s", 90),
        (" 2 H ", 7200),
        ("3 dias", 259_200),
        ("1 day", 86_400),
    ],
)
def test_a_time_is_written_in_digits_or_words(typed: str, wanted: int) -> None:
    assert SECONDS.read(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("2048", 2048), ("2 KB", 2048), ("1,5 mb", 1_572_864), ("1.5 MiB", 1_572_864), ("2GB", 2 * 1024**3)],
)
def test_a_size_is_written_in_digits_or_words(typed: str, wanted: int) -> None:
    assert BYTES.read(typed) == wanted


@pytest.mark.parametrize(
    "typed", ["", "min", "5 minuets", "5 min or so", "-5 min", "1e3", "5.5 h", "⁵ s", "9" * 40 + " s"]
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        SECONDS.read(typed)


@pytest.mark.parametrize("typed", ["", "MB", "5 TB", "-1 KB", "0 KB", "99999 GB", "1,2,3 MB"])
def test_what_is_no_size_is_refused_and_says_what_may_be(typed: str) -> None:
    with pytest.raises(Invalid):
        BYTES.read(typed)


def test_bounds_are_told_in_the_same_words() -> None:
    with pytest.raises(Invalid, match="1 s to 90 days"), override("en"):
        SECONDS.read("91 days")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["1 passage", "2 passages", "2,000 passages"]),
        ("pt-br", ["1 trecho", "2 trechos", "2.000 trechos"]),
    ],
)
def test_a_unit_is_of_one_or_of_more(language: str, words: list[str]) -> None:
    passages = Whole(1, 5_000, npgettext_lazy("unit", "passage", "passages"))
    with override(language):
        assert [passages.shown(number) for number in (1, 2, 2_000)] == words
        assert Whole(1, 5).shown(5) == "5"
