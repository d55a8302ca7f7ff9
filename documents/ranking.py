"""Passages in the order in which they answer a question. Pure: by words (BM25), and two orders made one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from documents.words import spoken

Key = TypeVar("Key", bound=Hashable)
#: How fast a word that is said again stops counting, and how much long passages are held back.
_SATURATION, _LENGTH = 1.5, 0.75
#: How much the first places count for more than those after them.
_DAMPING = 60
#: Characters of a word's beginning that stand for its forms: “feriados” is found by “feriado”.
STEM = 5


def by_words(question: Sequence[str], texts: Mapping[Key, str]) -> list[Key]:
    """All of them, those first that say the most of what is asked."""
    said = {key: [one[:STEM] for one in spoken(text)] for key, text in texts.items()}
    asked = list(dict.fromkeys(one[:STEM] for one in question))
    usual = sum(map(len, said.values())) / max(len(said), 1) or 1.0
    within = {one: sum(one in set(words) for words in said.values()) for one in asked}
    scores: dict[Key, float] = {}
    for key, words in said.items():
        counts, length = Counter(words), 1 - _LENGTH + _LENGTH * len(words) / usual
        score = sum(
            _rarity(within[one], len(said))
            * counts[one]
            * (_SATURATION + 1)
            / (counts[one] + _SATURATION * length)
            for one in asked
            if counts[one]
        )
        scores[key] = score
    return sorted(scores, key=lambda one: -scores[one])


def together(*orders: Sequence[Key]) -> list[Key]:
    """One order of several, by the places that each has in them (reciprocal rank fusion)."""
    scores: dict[Key, float] = {}
    for order in orders:
        for place, key in enumerate(order):
            scores[key] = scores.get(key, 0.0) + 1 / (_DAMPING + place + 1)
    return sorted(scores, key=lambda one: -scores[one])


def _rarity(having: int, of: int) -> float:
    return math.log(1 + (of - having + 0.5) / (having + 0.5))
