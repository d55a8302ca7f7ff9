"""The first words of a question name a chat until somebody or something names it better."""

from __future__ import annotations

import pytest

from chats.services.conversations import title_from


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  What\n now? ", "What now?"),
        ("## Plan\n- **buy** bread\n> soon", "Plan buy bread soon"),
        ("`snake_case` stays, 2 * 3 too", "snake_case stays, 2 * 3 too"),
        ("word " * 40, "word " * 10 + "word…"),
        ("a" * 200, "a" * 57 + "…"),
    ],
)
def test_a_title_is_short_and_plain(question: str, title: str) -> None:
    assert title_from(question) == title
