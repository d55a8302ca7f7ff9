"""A bilingual corpus with known answers, from what installed packages say themselves. No rows, no Django.

messages    catalogues of translations: each sentence in one of two languages, asked for in the other;
            European Portuguese asks for what the Brazilian says
docstrings  of Python's library and of Django: the first sentence asks for the rest
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import random
import re
import sysconfig
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.pofile import read_po

OURS = Path(__file__).resolve().parents[2] / "locale"
#: Words of a message from which on it says enough to be looked for.
SHORTEST = 5
#: Questions of each kind, and docstrings, at most.
QUESTIONS, DOCSTRINGS = 100, 600
#: Characters of a docstring that are a passage: the small model reads a hundred words in a tenth of a second.
LONGEST = 400
_OTHERS = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3"}
_HOLES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]+>|&\w+;|[“”\"]")


@dataclass
class Corpus:
    """`passages` by name: language and text; `questions` by kind: text and the name of its answer."""

    passages: dict[str, tuple[str, str]] = field(default_factory=dict)
    questions: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def corpus() -> Corpus:
    """The same on every machine with the same packages."""
    made = Corpus()
    chance = random.Random(20)
    _add_messages(made)
    _add_docstrings(made, chance)
    for kind, asked in made.questions.items():
        made.questions[kind] = sorted(chance.sample(sorted(asked), min(QUESTIONS, len(asked))))
    plain = [(_plain(text), answer) for text, answer in made.questions["PT→PT"]]
    made.questions["PT→PT, no accents"] = plain
    for language in ("PT", "EN"):
        said = [
            (made.passages[answer][1], answer) for _text, answer in made.questions[f"{language}→{language}"]
        ]
        made.questions[f"{language}, misspelled"] = [(_misspelled(text[:300], chance), a) for text, a in said]
    return made


def _add_messages(made: Corpus) -> None:
    to_portuguese, to_english, european = [], [], []
    for source, brazilian, other in _pairs():
        name = hashlib.sha256(source.encode()).hexdigest()[:16]
        if other or int(name, 16) % 2:
            made.passages[name] = ("pt", brazilian)
            to_portuguese.append((source, name))
            if other and other != brazilian:
                european.append((other, name))
        else:
            made.passages[name] = ("en", source)
            to_english.append((brazilian, name))
    made.questions |= {"PT→PT": european, "EN→PT": to_portuguese, "PT→EN": to_english}


def _pairs() -> Iterator[tuple[str, str, str]]:
    """English, Brazilian, and European Portuguese where there is any."""
    seen = set()
    site = Path(sysconfig.get_paths()["purelib"])
    places = [*sorted(site.glob("**/locale/pt_BR/LC_MESSAGES/django.po")), *OURS.glob("pt_BR/*/django.po")]
    for path in places:
        others = [Path(str(path).replace("pt_BR", one)) for one in ("pt", "pt_PT")]
        european = next((_catalogue(one) for one in others if one.exists()), {})
        for source, brazilian in _catalogue(path).items():
            if len(source.split()) >= SHORTEST and source not in seen and source != brazilian:
                seen.add(source)
                yield source, brazilian, european.get(source, "")


def _catalogue(path: Path) -> dict[str, str]:
    with path.open("rb") as stream, contextlib.redirect_stdout(io.StringIO()):
        found = [(one.id, one.string) for one in read_po(stream) if one.id and one.string and not one.fuzzy]
    first = [(a if isinstance(a, str) else a[0], b if isinstance(b, str) else b[0]) for a, b in found]
    return {_clean(source): _clean(said) for source, said in first}


def _clean(text: str) -> str:
    return " ".join(_HOLES.sub(" ", text).split())


def _add_docstrings(made: Corpus, chance: random.Random) -> None:
    found = sorted(set(_docstrings()))
    asked = []
    for first, rest in chance.sample(found, min(3_000, len(found)))[:DOCSTRINGS]:
        name = hashlib.sha256(rest.encode()).hexdigest()[:16]
        made.passages[name] = ("en", rest)
        asked.append((first, name))
    made.questions["EN→EN"] = asked


def _docstrings() -> Iterator[tuple[str, str]]:
    library, django = Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"]) / "django"
    of_python = (one for one in library.rglob("*.py") if not _OTHERS & set(one.relative_to(library).parts))
    for path in sorted([*of_python, *django.rglob("*.py")]):
        yield from _of_module(path)


def _of_module(path: Path) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            first, _blank, rest = (ast.get_docstring(node) or "").partition("\n\n")
            first, rest = " ".join(first.split()), rest.strip()[:LONGEST]
            if len(first.split()) >= SHORTEST and len(rest.split()) >= 25:
                yield first, rest


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(one for one in parts if not unicodedata.combining(one))


def _misspelled(text: str, chance: random.Random) -> str:
    """Three of its longest words, a letter wrong in each: left out, turned round, doubled or another."""
    words = sorted(set(re.findall(r"[^\W\d_]{5,}", text)), key=lambda one: (-len(one), one))[:3]
    return " ".join(_slip(one, chance) for one in words) or text


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + (word[at] if kind == 2 else chance.choice("aeiosrtn")) + word[at + (kind == 3) :]
