"""`make bench-retrieval`: how well, and how fast, passages are found; each way beside the others.

The corpus is bilingual and real (`tests.benchmarks.corpus`), every question has one known answer among
all passages of both languages. recall@10 says how often it is among the first ten, MRR how far up.
Weights are chosen by one half of the questions only; the figures that count are of the other half. Which
half, the digest of a question's answer says.
Then how long each takes a tenant with SCALE passages among others (`tests.benchmarks.retrieval_stage`).

Vectors are kept in ~/.cache/humana between runs: the first takes some three minutes longer.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.corpus import Corpus, corpus
from tests.benchmarks.retrieval_stage import filled
from tests.benchmarks.stage import staged, verdict

SCALE = int(os.environ.get("SCALE", "50000"))
TIMED = 30
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "humana" / "bench-retrieval"
WAYS = ("before", "words", "letters", "meaning", "together")


def main() -> int:
    with staged():
        made = corpus()
        world = _world("bench")
        from tenants.context import use_tenant

        with use_tenant(world.context):
            names = _write(made)
            choosing, reported = (_scores(made, names, half) for half in (0, 1))
            _sum_up("the half for choosing", choosing)
            holds = _report(made, reported)
        if SCALE:
            holds &= _speed(made)
    return 0 if holds else 1


def _world(slug: str) -> Any:
    from tests.fixtures.organizations import build_world

    return build_world(slug)


def _write(made: Corpus) -> dict[uuid.UUID, str]:
    """Every passage with its vector; the name of each by its id."""
    from documents.models import Chunk
    from documents.passages import Passage
    from documents.services.passages import write_passages

    by_place = {}
    said = list(made.passages.items())
    for at in range(0, len(said), 50):
        source = uuid.UUID(int=at)
        some = said[at : at + 50]
        write_passages("document", source, 1, [Passage("", text) for _name, (_language, text) in some])
        by_place |= {(source, number): name for number, (name, _said) in enumerate(some)}
    rows = Chunk.objects.filter(source_kind="document").values_list("id", "source_id", "ordinal")
    names = {key: by_place[source, number] for key, source, number in rows if (source, number) in by_place}
    _give_vectors([(key, made.passages[name][1]) for key, name in names.items()])
    return names


def _give_vectors(texts: Sequence[tuple[uuid.UUID, str]]) -> None:
    from documents.models import ChunkVector
    from documents.services.vectors import wanting

    vectors, model = _vectors([text for _key, text in texts], "passage")
    wanting(model)
    rows = [ChunkVector(chunk_id=key, model=model, vector=vectors[text]) for key, text in texts]
    ChunkVector.objects.bulk_create(rows, batch_size=500)


def _vectors(texts: Iterable[str], kind: Any) -> tuple[dict[str, bytes], str]:
    """Of each text, from the last run where it made them."""
    from documents.meaning import model_key, vectors_of

    CACHE.mkdir(parents=True, exist_ok=True)
    told = vectors_of(["What is this?"], kind)
    model, found = model_key(told.model, told.dims), {}
    place = CACHE / hashlib.sha256(f"{model} {kind}".encode()).hexdigest()[:16]
    place.mkdir(exist_ok=True)
    missing = []
    for text in dict.fromkeys(texts):
        kept = place / hashlib.sha256(text.encode()).hexdigest()
        if kept.exists():
            found[text] = kept.read_bytes()
        else:
            missing.append((text, kept))
    for at in range(0, len(missing), 64):
        part = missing[at : at + 64]
        for (text, kept), vector in zip(
            part, vectors_of([text for text, _ in part], kind).vectors, strict=True
        ):
            found[text] = vector.astype("<f4").tobytes()
            kept.write_bytes(found[text])
    return found, model


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
        vectors, model = _vectors([text for text, _answer in questions], "query")
        for text, answer in ((text, answer) for text, answer in questions if _half(answer) == half):
            asked, vector = asking(text), np.frombuffer(vectors[text], "<f4")
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


def _speed(made: Corpus) -> bool:
    """A tenant of SCALE passages, and ten others of a tenth each in the same tables."""
    import numpy as np

    kept, model = _vectors([text for _language, text in made.passages.values()], "passage")
    real = np.stack([np.frombuffer(one, "<f4") for one in kept.values()])
    return _time(filled(made, real, model, SCALE, CACHE), made)


def _time(world: Any, made: Corpus) -> bool:
    import numpy as np

    from documents.asking import asking
    from documents.finding import in_one_order
    from documents.indexes import Order, index_of_placement
    from documents.languages import language_of
    from documents.models import Chunk
    from tenants.context import use_tenant

    chance = random.Random(3)
    texts = [text for asked in made.questions.values() for text, _ in chance.sample(asked, TIMED // 5)]
    vectors, model = _vectors(texts, "query")
    with use_tenant(world.context):
        index, rows = index_of_placement(), Chunk.objects.filter(source_kind="document")

        def near(text: str) -> list[uuid.UUID]:
            return index.near(rows, np.frombuffer(vectors[text], "<f4"), model, language_of(text))

        def letters(text: str) -> Order:
            return index.similar(rows, asking(text), words[text].missing)

        def together(text: str) -> list[uuid.UUID]:
            said = index.words(rows, asking(text))
            return in_one_order(said, index.similar(rows, asking(text), said.missing), near(text))

        words = {text: index.words(rows, asking(text)) for text in texts}
        _explain(lambda: [act(texts[-1]) for act in (near, letters)])
        ways: dict[str, Callable[[str], object]] = {
            "words": lambda text: index.words(rows, asking(text)),
            "letters": letters, "meaning": near, "together": together,
        }  # fmt: skip
        took = {way: sorted(_each(act, texts)) for way, act in ways.items()}
    print(f"\n{SCALE:,} passages of one tenant among as many of others; load {os.getloadavg()[0]:.1f}; ms:")
    for way, one in took.items():
        print(f"  {way:<10} p50 {statistics.median(one):>8.0f}   p95 {one[int(len(one) * 0.95)]:>8.0f}")
    p95 = took["together"][int(len(texts) * 0.95)]
    return verdict(f"a whole question p95 {p95:.0f} ms", "150 ms", holds=p95 <= 150)


def _explain(act: Callable[[], object]) -> None:
    """Which indexes the database asks, as the application's role under row-level security."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as said:
        act()
    asked = set()
    with connection.cursor() as cursor:
        for one in said:
            if one["sql"].startswith("SELECT"):
                cursor.execute("EXPLAIN " + one["sql"].replace("%", "%%"), [])
                asked |= {
                    found
                    for (line,) in cursor.fetchall()
                    for found in re.findall(r"(?:on|using) (\w*_\w+)", line)
                }
    print(f"\nindexes and tables asked: {', '.join(sorted(asked))}")


def _each(act: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    act(texts[0])
    took = []
    for text in texts:
        began = time.perf_counter()
        act(text)
        took.append((time.perf_counter() - began) * 1_000)
    return took


if __name__ == "__main__":
    sys.exit(main())
