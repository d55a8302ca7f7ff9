"""Many real texts: what installed packages say of themselves, cut into passages as documents are. No rows.

A module is a document: its docstrings one after another. One passage in five is of translated sentences in
Portuguese, put together anew, as there is little of it. Where the corpus ends it begins again, the second
half of a passage before the first half of another.
"""

from __future__ import annotations

import ast
import json
import random
import sysconfig
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from documents.passages import split
from tests.benchmarks.corpus import Corpus

_OTHERS = {"test", "tests", "idlelib", "lib2to3"}
#: Characters of a module's docstrings from which on it is a document.
LEAST = 300
#: One passage in so many is in Portuguese, of a document with this name.
PORTUGUESE, MESSAGES = 5, "Mensagens"


class Text(NamedTuple):
    """A passage of the document `title`."""

    title: str
    place: str
    text: str


def texts(made: Corpus, wanted: int, kept: Path) -> list[Text]:
    """So many, the same each time with the same packages; `kept` is where they are between runs."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(list(islice(_all(made), wanted))))
    return [Text(*one) for one in json.loads(kept.read_text())]


def _all(made: Corpus) -> Iterator[Text]:
    english, portuguese = _without_end(), _portuguese(made)
    for number in count(1):
        yield next(english if number % PORTUGUESE else portuguese)


def _without_end() -> Iterator[Text]:
    real = []
    for one in _documents():
        real.append(one)
        yield one
    print(f"the corpus of texts ends after {len(real):,} passages: from there on they are put together anew")
    chance = random.Random(7)
    while True:
        one, other = chance.sample(real, 2)
        halves = other.text[len(other.text) // 2 :], one.text[: len(one.text) // 2]
        yield Text(one.title, one.place, " ".join(halves))


def _portuguese(made: Corpus) -> Iterator[Text]:
    chance = random.Random(8)
    said = sorted(text for language, text in made.passages.values() if language == "pt")
    while True:
        yield Text(MESSAGES, "", "\n\n".join(chance.sample(said, 6))[:1_200])


def _documents() -> Iterator[Text]:
    library, site = (Path(sysconfig.get_paths()[one]) for one in ("stdlib", "purelib"))
    found = {one for place in (library, site) for one in place.rglob("*.py")}
    modules = sorted(one for one in found if not _OTHERS & set(one.parts))
    random.Random(9).shuffle(modules)
    seen: set[str] = set()
    for path in modules:
        fresh = [one for one in dict.fromkeys(_said(path)) if one not in seen]
        seen.update(fresh)
        said = "\n\n".join(fresh)
        if len(said) >= LEAST:
            title = ".".join(path.with_suffix("").parts[-3:])
            yield from (Text(title, one.place, one.text) for one in split(said))


def _said(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield (ast.get_docstring(node) or "").replace("\0", " ")
