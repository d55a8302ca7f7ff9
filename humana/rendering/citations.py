"""Numbers in an answer that name a source, as links: `[1]`, `[1][3]`, `[1, 3]`, never inside code.

Only a number that was given becomes a link; any other stays as it was written, and is counted. What is
a number of ours goes before a link that the text itself defines for it, so no text can bend one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

#: In brackets, and not the words of a link.
_GROUP = re.compile(r"\[(\d{1,3}(?:\s?[,;]\s?\d{1,3})*)\](?!\()")
_NUMBER = re.compile(r"\d+")
#: The same where it stands in no code: code is fenced, or between backticks within one paragraph.
_GROUP_OR_CODE = re.compile(
    r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)"
    r"|(?<!`)(`{1,3})(?!`)(?:(?!\n\s*\n).)+?(?<!`)\2(?!`)"
    r"|(?<!\\)\[(?P<numbers>\d{1,3}(?:\s?[,;]\s?\d{1,3})*)\](?!\()",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Cite:
    """Where the number of a source leads, and what a screen reader says of it."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Cited:
    """The numbers a text cites, each once, in the order of their first use; `unknown` is how many uses
    there are of numbers that nobody gave.
    """

    numbers: tuple[int, ...] = ()
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """One use of a number: where its brackets begin and end in the text, in characters."""

    number: int
    start: int
    end: int


def learn_citations(parser: MarkdownIt) -> None:
    """From now on the parser knows them: `env["cites"]` says which numbers were given."""
    parser.inline.ruler.before("link", "citation", _citation)


def cited(parser: MarkdownIt, text: str, given: Sequence[int]) -> Cited:
    """What a text cites of the numbers that were given, by the parser that shows it too."""
    if not given or not _GROUP.search(text):
        return Cited()
    env: dict[str, Any] = {"cites": dict.fromkeys(given)}
    parser.parse(text, env)
    return Cited(tuple(dict.fromkeys(env.get("cited", ()))), env.get("unknown", 0))


def marks_in(text: str, given: Collection[int]) -> list[Mark]:
    """Each use of these numbers outside code, in order; of one bracket with two numbers there are two."""
    return [
        Mark(int(one), found.start(), found.end())
        for found in _GROUP_OR_CODE.finditer(text)
        for one in _NUMBER.findall(found["numbers"] or "")
        if int(one) in given
    ]


def blanked(text: str, given: Collection[int]) -> str:
    """The text with blanks where it names these numbers, as long as before: told again, they would name
    something else.
    """
    told = list(text)
    for one in marks_in(text, given):
        told[one.start : one.end] = " " * (one.end - one.start)
    return "".join(told)


def link_of(tokens: Sequence[Token], idx: int, env: Mapping[str, Any]) -> str:
    """The link of one number. Its brackets are there for whoever copies the text, and not to be seen."""
    number = tokens[idx].meta["number"]
    one: Cite = env["cites"][number]
    return (
        f'<a class="cite" href="{escape(one.href)}" aria-label="{escape(one.label)}">'
        f'<span class="edge">[</span>{number}<span class="edge">]</span></a>'
    )


def _citation(state: StateInline, silent: bool) -> bool:
    given = state.env.get("cites")
    if not given or state.linkLevel or state.src[state.pos] != "[":
        return False
    found = _GROUP.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    numbers = [int(one) for one in _NUMBER.findall(found[1])]
    if not silent:
        _note(state.env, numbers, given)
    if not any(one in given for one in numbers):
        return False
    if not silent:
        _push(state, numbers, given)
    state.pos = found.end()
    return True


def _note(env: Any, numbers: Sequence[int], given: Mapping[int, Cite]) -> None:
    env.setdefault("cited", []).extend(one for one in numbers if one in given)
    env["unknown"] = env.get("unknown", 0) + sum(one not in given for one in numbers)


def _push(state: StateInline, numbers: Sequence[int], given: Mapping[int, Cite]) -> None:
    for one in numbers:
        if one in given:
            state.push("citation", "a", 0).meta = {"number": one}
        else:
            state.append_pending(f"[{one}]")
