"""`make bench-retrieval`: how well, and how fast, passages are found; each way beside the others.

The corpus is bilingual and real (`tests.benchmarks.corpus`), every question has one known answer among
all passages of both languages. recall@10 says how often it is among the first ten, MRR how far up.
Weights are chosen by one half of the questions only; the figures that count are of the other half. Which
half, the digest of a question's answer says.
Then how long each takes a tenant with SCALE passages among others, and what of the exhaustive answer it
finds there (`tests.benchmarks.retrieval_scale`).

Vectors are kept in ~/.cache/humana between runs: the first takes some three minutes longer.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.corpus import Corpus, corpus
from tests.benchmarks.retrieval_scale import at_scale
from tests.benchmarks.retrieval_vectors import vectors, written
from tests.benchmarks.stage import staged, verdict

SCALE = int(os.environ.get("SCALE", "50000"))
WAYS = ("before", "words", "letters", "meaning", "together")


def main() -> int:
    with staged():
        made = corpus()
        world = _world("bench")
        from tenants.context import use_tenant

        with use_tenant(world.context):
            names = written(made)
            choosing, reported = (_scores(made, names, half) for half in (0, 1))
            _sum_up("the half for choosing", choosing)
            holds = _report(made, reported)
        if SCALE:
            holds &= at_scale(made, SCALE)
    return 0 if holds else 1


def _world(slug: str) -> Any:
    from tests.fixtures.organizations import build_world

    return build_world(slug)


def _half(answer: str) -> int:
    """All questions for one passage are of the same half: with accents or not, misspelled or not."""
    return hashlib.sha256(answer.encode()).digest()[-1] % 2


def _scores(made: Corpus, names: dict[uuid.UUID, str], half: int) -> dict[str, dict[str, list[float]]]:
    """By the kind of question and the way: 1/place of each answer, 0 where it is not among the first ten."""
    import numpy as np

    from documents import ranking
    from documents.asking import asking
    from documents.finding import in_one_order
    from documents.indexes import index_of_placement
    from documents.indexes.portable import Portable
    from documents.languages import language_of
    from documents.models import Chunk

    index, rows, scores = index_of_placement(), Chunk.objects.filter(source_kind="document"), {}
    for kind, questions in made.questions.items():
        scores[kind] = {way: [] for way in WAYS}
        told, model = vectors([text for text, _answer in questions], "query")
        for text, answer in ((text, answer) for text, answer in questions if _half(answer) == half):
            asked, vector = asking(text), np.frombuffer(told[text], "<f4")
            near = index.near(rows, vector, model, language_of(text))
            as_alike = index.near(rows, vector, model)
            words = index.words(rows, asked)
            letters = index.similar(rows, asked, words.missing)
            orders = {
                "before": ranking.together(as_alike, Portable().words(rows, asked).keys),
                "words": words.keys,
                "letters": letters.keys,
                "meaning": near,
                "together": in_one_order(words, letters, near),
            }
            for way, order in orders.items():
                scores[kind][way].append(_place([names.get(one, "") for one in order[:10]], answer))
    return scores


def _place(order: list[str], answer: str) -> float:
    return 1 / (order.index(answer) + 1) if answer in order else 0.0


def _recall(places: Sequence[float]) -> float:
    return sum(1 for one in places if one) / len(places)


def _report(made: Corpus, scores: dict[str, dict[str, list[float]]]) -> bool:
    print(f"{len(made.passages):,} passages; recall@10 / MRR of the half held out, as documents find:")
    print(f"{'question':<22}{'n':>5}" + "".join(f"{way:>16}" for way in WAYS))
    for kind, ways in scores.items():
        figures = "".join(f"{_recall(ways[way]):>9.3f} /{statistics.mean(ways[way]):>5.3f}" for way in WAYS)
        print(f"{kind:<22}{len(ways['words']):>5}{figures}")
    told = _sum_up("all", scores)
    best = max(told[way] for way in ("words", "letters", "meaning"))
    mine, before = told["together"], told["before"]
    return verdict(
        f"recall@10 {mine[0]:.3f}, MRR {mine[1]:.3f}; best alone {best[0]:.3f} / {best[1]:.3f};"
        f" before {before[0]:.3f} / {before[1]:.3f}",
        "fusion better than either",
        holds=all(mine[at] > told[way][at] for way in ("words", "letters", "meaning") for at in (0, 1)),
    )


def _sum_up(name: str, scores: dict[str, dict[str, list[float]]]) -> dict[str, tuple[float, float]]:
    every = {way: [one for ways in scores.values() for one in ways[way]] for way in WAYS}
    told = {way: (_recall(every[way]), statistics.mean(every[way])) for way in WAYS}
    figures = "".join(f"{a:>9.3f} /{b:>5.3f}" for a, b in told.values())
    print(f"{name:<22}{len(every['words']):>5}{figures}")
    return told


if __name__ == "__main__":
    sys.exit(main())
