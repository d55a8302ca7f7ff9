"""What companions would be told otherwise: pure, from what is in force now and what would be.

Only texts are compared: a new version that says the same changes no prompt.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from companions.models import Companion

#: How many companions are told one by one; of the others, how many they are.
MOST_SHOWN = 100
#: Lines around what changes.
AROUND = 2

Kind = Literal["added", "removed", "same", "gap"]
Coverage = Literal["same", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a prompt, or a gap between two places that change."""

    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one companion would notice.

    `prompt` says whether its prompt changes, and `diff` how, for the first MOST_SHOWN of them.
    `coverage` says whether a policy would begin or cease to apply to it; `checks` that what is
    checked of its conversations would be otherwise.
    """

    companion: Companion
    prompt: bool
    diff: str = ""
    coverage: Coverage = "same"
    checks: bool = False

    @property
    def lines(self) -> list[Line]:
        return list(lines_of(self.diff))


@dataclass(frozen=True, slots=True)
class Preview:
    """`changes` by the companion's name, of so many companions; `silent` are those that do not answer now."""

    changes: list[Change]
    of: int
    silent: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.changes)

    @property
    def shown(self) -> list[Change]:
        return self.changes[:MOST_SHOWN]

    @property
    def more(self) -> int:
        return max(self.count - MOST_SHOWN, 0)

    @property
    def groups(self) -> list[tuple[list[Change], list[Line]]]:
        """Those whose prompts change in the same lines stand together; those without a diff, last."""
        found: dict[tuple[Line, ...], list[Change]] = {}
        for one in self.shown:
            found.setdefault(tuple(one.lines), []).append(one)
        return sorted(((ones, list(lines)) for lines, ones in found.items()), key=lambda one: not one[1])

    @property
    def prompts(self) -> int:
        return sum(one.prompt for one in self.changes)

    @property
    def new(self) -> int:
        return sum(one.coverage == "new" for one in self.changes)

    @property
    def gone(self) -> int:
        return sum(one.coverage == "gone" for one in self.changes)

    @property
    def checks(self) -> int:
        return sum(one.checks for one in self.changes)


def unified(before: str, after: str) -> str:
    """A unified diff of two prompts; empty where they are the same."""
    if before == after:
        return ""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "now", "then", n=AROUND, lineterm=""
    )
    return "\n".join(lines)


def lines_of(diff: str) -> Iterable[Line]:
    """A unified diff without its heads, line by line."""
    kinds: dict[str, Kind] = {"+": "added", "-": "removed", " ": "same"}
    for number, text in enumerate(diff.splitlines()[2:]):
        if text.startswith("@@"):
            if number:
                yield Line("gap")
        else:
            yield Line(kinds[text[:1] or " "], text[1:])
