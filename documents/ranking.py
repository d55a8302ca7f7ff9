"""Passages in the order in which they answer a question. Pure: by their words, and two orders made one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
#: How much passages of many words are held back.
_LENGTH = 0.5
#: How much the first places count for more than those after them.
_DAMPING = 60
#: Characters of a word's beginning that stand for its forms: “feriados” is found by “feriado”.
STEM = 5


def by_words(question: Sequence[str], said: Mapping[Key, Sequence[str]]) -> list[Key]:
    """All of them by the distinct words of each, those first that say the most of what is asked."""
    asked = {one[:STEM] for one in question}
    shared = {key: asked & {one[:STEM] for one in words} for key, words in said.items()}
    within = Counter(one for found in shared.values() for one in found)
    usual = sum(map(len, said.values())) / max(len(said), 1) or 1.0
    scores = {
        key: sum(_rarity(within[one], len(said)) for one in found)
        / (1 - _LENGTH + _LENGTH * len(said[key]) / usual)
        for key, found in shared.items()
    }
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
