"""Passages in the order in which they answer a question. Pure: by their words, and two orders made one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
#: How much passages of many words are held back.
LENGTH = 0.5
#: How much the first places count for more than those after them: the usual 60 levels orders of thirty, and
#: ten still drown what one order is sure of. Chosen with the weights of `documents.finding`.
_DAMPING = 3
#: How much of what a model finds alike for the language alone is taken off, told from so many passages of
#: each at least. Chosen as the damping was.
_TAKEN_OFF, _TOLD_FROM = 0.8, 10
#: Characters of a word's beginning that stand for its forms: “feriados” is found by “feriado”.
STEM = 5


def by_words(question: Sequence[str], said: Mapping[Key, Sequence[str]]) -> list[Key]:
    """All of them by the distinct words of each, those first that say the most of what is asked."""
    scores, _share = scored_by_words(question, said)
    return sorted(scores, key=lambda one: -scores[one])


def scored_by_words(
    question: Sequence[str], said: Mapping[Key, Sequence[str]]
) -> tuple[dict[Key, float], float]:
    """A score for each, and how much of the question the best of them says, from 0 to 1."""
    asked = {one[:STEM] for one in question}
    shared = {key: asked & {one[:STEM] for one in words} for key, words in said.items()}
    within = Counter(one for found in shared.values() for one in found)
    weights = {one: rarity(within[one], len(said)) for one in asked}
    usual = sum(map(len, said.values())) / max(len(said), 1) or 1.0
    told = {key: sum(weights[one] for one in found) for key, found in shared.items()}
    scores = {key: score / length(len(said[key]), usual) for key, score in told.items()}
    best = max(scores, key=lambda one: scores[one], default=None)
    return scores, told[best] / sum(weights.values()) if best is not None else 0.0


def by_letters(
    wanted: Sequence[str], said: Mapping[Key, Sequence[str]], least: float
) -> tuple[list[Key], float]:
    """Those with a word that shares at least that part of its threes of letters with a wanted one.

    And how many of the wanted words the best of them has so, each as far as it is alike.
    """
    known = {word for words in said.values() for word in words}
    scores: dict[Key, float] = {}
    for one in wanted:
        letters = _threes(one)
        alike = {word: like for word in known if (like := _likeness(letters, _threes(word))) >= least}
        for key, words in said.items():
            if best := max((alike.get(word, 0.0) for word in words), default=0.0):
                scores[key] = scores.get(key, 0.0) + best
    order = sorted(scores, key=lambda one: -scores[one])
    return order, scores[order[0]] if order else 0.0


def likest(word: str, known: Collection[str], least: float, most: int) -> dict[str, float]:
    """Those that share at least that part of its threes of letters, and how much each does."""
    letters = _threes(word)
    found = {one: like for one in known if (like := _likeness(letters, _threes(one))) >= least}
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0]))[:most])


def together(*orders: Sequence[Key], weights: Sequence[float] = ()) -> list[Key]:
    """One order of several, by the places that each has in them (reciprocal rank fusion).

    `weights` say how much each counts; all the same where there are none.
    """
    scores: dict[Key, float] = {}
    for order, weight in zip(orders, [*weights, *[1.0] * len(orders)], strict=False):
        for place, key in enumerate(order):
            scores[key] = scores.get(key, 0.0) + weight / (_DAMPING + place + 1)
    return sorted(scores, key=lambda one: -scores[one])


def across(ours: Sequence[tuple[Key, float]], others: Sequence[tuple[Key, float]]) -> list[tuple[Key, float]]:
    """One order of passages in the question's language and of others, each given with their likeness.

    By how much ours are more alike as a whole says the last place that both have, where what answers the
    question no longer stands. Never all of it: of what is equally far from the answer ours come first.
    """
    last = min(len(ours), len(others))
    ahead = max(ours[last - 1][1] - others[last - 1][1], 0.0) if last >= _TOLD_FROM else 0.0
    weighed = [*((key, like - _TAKEN_OFF * ahead) for key, like in ours), *others]
    return sorted(weighed, key=lambda one: -one[1])


def _threes(word: str) -> frozenset[str]:
    """Two letters at its beginning and at its end count as well, as PostgreSQL's trigrams do."""
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def length(words: float, usual: float) -> float:
    """What a score is divided by: many words are held back."""
    return 1 - LENGTH + LENGTH * words / usual


def rarity(having: int, of: int) -> float:
    return math.log(1 + (of - having + 0.5) / (having + 0.5))
