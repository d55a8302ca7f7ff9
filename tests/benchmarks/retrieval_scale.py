"""How fast and how well passages are found among very many: one tenant's, and ten others of a tenth each.

The corpus is among them, so each question has the answer it has among few. Beside it stands the exhaustive
answer, by the same code without its bounds: every passage with any of the words weighed, every word compared
by its letters; and every vector in full, fetched and compared here. recall@10 says how much of its first ten
is found.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import psutil

from tests.benchmarks.corpus import Corpus
from tests.benchmarks.retrieval_stage import filled, owner
from tests.benchmarks.retrieval_vectors import CACHE, vectors, written
from tests.benchmarks.stage import verdict

#: Questions of each kind.
ASKED = 6
WAYS = ("words", "letters", "meaning", "together")
UNBOUND = 10**9


def at_scale(made: Corpus, number: int) -> bool:
    """Fills the stage, asks, and prints: the last line sums up."""
    import numpy as np

    from tenants.context import use_tenant

    real: dict[str, Any] = {"pt": [], "en": []}
    kept, model = vectors([text for _language, text in made.passages.values()], "passage")
    for language, text in made.passages.values():
        real[language].append(np.frombuffer(kept[text], "<f4"))
    world = filled(made, {one: np.stack(some) for one, some in real.items()}, model, number, CACHE)
    with use_tenant(world.context):
        names = written(made)
        with owner() as connection:
            connection.execute("VACUUM ANALYZE")
        return _asked(made, names, number)


def _asked(made: Corpus, names: dict[uuid.UUID, str], number: int) -> bool:
    chance = random.Random(3)
    asked = [one for some in made.questions.values() for one in chance.sample(some, min(ASKED, len(some)))]
    finder = _Finder([text for text, _answer in asked])
    _explain(lambda: finder.orders(asked[-1][0]))
    before = _cpu()
    found = [finder.orders(text) for text, _answer in asked]
    cpu, took = (_cpu() - before) / len(asked), [one.took for one in found]
    print(f"\n{number:,} passages of one tenant among as many of others; load {os.getloadavg()[0]:.1f}; ms:")
    for way in WAYS:
        some = [one[way] for one in took]
        print(f"  {way:<10} p50 {statistics.median(some):>8.0f}   p95 {_p95(some):>8.0f}")
    print(f"  of which the two processes were at work {cpu:.0f} on average")
    with _unbound():
        exhaustive = [finder.orders(text, in_full=True) for text, _answer in asked]
    longer = statistics.median(one.took["together"] for one in exhaustive)
    print(
        f"\nbeside the exhaustive answer, which takes p50 {longer:,.0f} ms, and the known answer among ten:"
    )
    recall = {}
    for way in WAYS:
        recall[way] = statistics.mean(
            _recall(one.keys[way], all_of.keys[way]) for one, all_of in zip(found, exhaustive, strict=True)
        )
        known, all_known = (
            statistics.mean(
                answer in {names.get(key) for key in one.keys[way][:10]}
                for (_text, answer), one in zip(asked, some, strict=True)
            )
            for some in (found, exhaustive)
        )
        print(f"  {way:<10} recall@10 {recall[way]:.3f}   known {known:.3f}, exhaustive {all_known:.3f}")
    whole = [one["together"] for one in took]
    p50, p95 = statistics.median(whole), _p95(whole)
    return verdict(
        f"a question p50 {p50:.0f} ms, p95 {p95:.0f}, CPU {cpu:.0f}; recall@10 {recall['together']:.3f}",
        "p95 150 ms",
        holds=p95 <= 150,
    )


class _Orders(NamedTuple):
    """By the way: the passages, and the milliseconds."""

    keys: dict[str, list[uuid.UUID]]
    took: dict[str, float]


class _Finder:
    """Asks as people's questions are asked; but for the vector, which a model makes before."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.vectors, self.model = vectors(texts, "query")

    def orders(self, text: str, *, in_full: bool = False) -> _Orders:
        import numpy as np

        from documents.asking import asking
        from documents.finding import in_one_order
        from documents.indexes import Index, index_of_placement
        from documents.indexes.portable import Portable
        from documents.languages import language_of
        from documents.models import Chunk

        index, rows, asked = index_of_placement(), Chunk.objects.filter(source_kind="document"), asking(text)
        compared: Index = Portable() if in_full else index
        vector, moments = np.frombuffer(self.vectors[text], "<f4"), [time.perf_counter()]
        words = index.words(rows, asked)
        moments.append(time.perf_counter())
        letters = index.similar(rows, asked, words.missing)
        moments.append(time.perf_counter())
        near = compared.near(rows, vector, self.model, language_of(text))
        moments.append(time.perf_counter())
        keys = (words.keys, letters.keys, near, in_one_order(words, letters, near))
        took = [(after - before) * 1_000 for before, after in pairwise(moments)]
        return _Orders(dict(zip(WAYS, keys, strict=True)), dict(zip(WAYS, [*took, sum(took)], strict=True)))


@contextmanager
def _unbound() -> Iterator[None]:
    from documents.indexes import postgres, rarity

    kept = postgres.FEW, rarity.MOST_WEIGHED
    postgres.FEW, rarity.MOST_WEIGHED = UNBOUND, UNBOUND
    yield
    postgres.FEW, rarity.MOST_WEIGHED = kept


def _recall(found: Sequence[uuid.UUID], exhaustive: Sequence[uuid.UUID]) -> float:
    """Where there is nothing to be found, all of it is."""
    wanted = set(exhaustive[:10])
    return len(wanted & set(found[:10])) / len(wanted) if wanted else 1.0


def _cpu() -> float:
    """Milliseconds of this process and of the database's that serves it, where that is on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    used = time.process_time()
    if psutil.pid_exists(number) and psutil.Process(number).name().startswith("postgres"):
        used += sum(psutil.Process(number).cpu_times()[:2])
    return used * 1_000


def _p95(took: Sequence[float]) -> float:
    return sorted(took)[int(len(took) * 0.95)]


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
