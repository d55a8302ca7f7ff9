"""How many tokens a text has at most, before anybody counted."""

from __future__ import annotations

#: Characters that one token stands for at the very least; a safe estimate for both languages.
CHARACTERS_PER_TOKEN = 3


def tokens_of(text: str) -> int:
    """At most: what is not ASCII may be a token for each of its bytes."""
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // CHARACTERS_PER_TOKEN) + len(text.encode(errors="replace")) - plain
