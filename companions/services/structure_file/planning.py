"""What an import would do: each item of the file beside what is there. Nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from django.utils.translation import gettext as _

from companions.previews import Line, lines_of, unified
from companions.services.structure_file.book import Book
from companions.services.structure_file.fields import Wrong, line_of, mapping
from companions.services.structure_file.problems import Problem, Refused
from companions.services.structure_file.registry import SECTIONS
from companions.services.structure_file.section import Kept, Said, Section
from companions.services.structure_file.tree import Listed, Mapped, Node, Scalar
from companions.services.structure_file.writing import FORMAT, dump
from humana.kernel.errors import HumanaError

State = Literal["new", "changed", "same", "gone"]
#: Items of one section, at most.
MOST_ITEMS = 20_000
#: How many of one section are told one by one.
MOST_SHOWN = 100


@dataclass
class Item:
    """One of the file, or (`gone`) one that it does not name. `path` and `line` are its place there."""

    label: str
    state: State
    said: Said = field(default_factory=dict)
    before: Said | None = None
    row: Any = None
    path: str = ""
    node: Node | None = None

    @cached_property
    def lines(self) -> list[Line]:
        """How it is told before and after, line by line."""
        before = dump(self.before) if self.before is not None and self.state != "new" else ""
        return list(lines_of(unified(before, "" if self.state == "gone" else dump(self.said))))

    def wrong(self, path: str, message: str) -> Problem:
        dot = "." if path and self.path else ""
        return Problem(f"{self.path}{dot}{path}", line_of(self.node, path) if self.node else 1, message)


@dataclass
class Part:
    """A section of the file. `items` in the file's order, `others` that it does not name."""

    section: Section
    items: list[Item] = field(default_factory=list)
    others: list[Kept] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)
    reordered: bool = False

    def count(self, state: State) -> int:
        return sum(one.state == state for one in (*self.items, *self.gone))

    @property
    def news(self) -> list[Item]:
        """All but what stays as it is."""
        return [one for one in self.items if one.state != "same"] + self.gone

    @property
    def shown(self) -> list[Item]:
        return self.news[:MOST_SHOWN]

    @property
    def more(self) -> int:
        return max(len(self.news) - MOST_SHOWN, 0)


@dataclass
class Plan:
    """`digest` names exactly this: the file, and what was there when it was compared."""

    parts: list[Part]
    book: Book
    digest: str
    remove: bool
    hints: list[str]

    def count(self, state: State) -> int:
        return sum(part.count(state) for part in self.parts)

    @property
    def new(self) -> int:
        return self.count("new")

    @property
    def changed(self) -> int:
        return self.count("changed")

    @property
    def same(self) -> int:
        return self.count("same")

    @property
    def gone(self) -> int:
        return self.count("gone")

    @property
    def reordered(self) -> list[Part]:
        return [part for part in self.parts if part.reordered]

    @property
    def changes_nothing(self) -> bool:
        return not (self.new or self.changed or self.gone or self.reordered)


def make_plan(root: Mapped, *, remove: bool, may: Callable[[Section], None]) -> Plan:
    """In the main placement. `may` raises where the sections of the file are not the reader's to write.

    Raises Refused with everything that is wrong, each with its line and path.
    """
    sections = _sections(root)
    for section in sections:
        may(section)
    problems: list[Problem] = []
    book = Book.now()
    parts = [Part(one, _read(one, root.entries[one.name], problems)) for one in sections]
    _stop_at(problems)
    for part in parts:
        for item in part.items:
            part.section.note(item.said, book)
    seen = [_compare(part, book, remove, problems) for part in parts]
    _stop_at(problems)
    hints = [hint for part in parts for item in part.items for hint in part.section.hints(item.said)]
    return Plan(parts, book, _digest(root, seen, remove), remove, hints)


def _stop_at(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems)


def _sections(root: Mapped) -> list[Section]:
    """Those that the file has, in the order in which they are written."""
    version = root.entries.get("humana")
    if not isinstance(version, Scalar) or version.text != str(FORMAT):
        line = root.lines.get("humana", 1)
        message = _("The file should say “humana: %(version)d”: its version of the format.")
        raise Refused([Problem("humana", line, message % {"version": FORMAT})])
    strange = [name for name in root.entries if name != "humana" and name not in SECTIONS]
    message = _("There is no such section. Known are: %(known)s.") % {"known": ", ".join(SECTIONS)}
    _stop_at([Problem(name[:80], root.lines[name], message) for name in strange])
    return [section for name, section in SECTIONS.items() if name in root.entries]


def _read(section: Section, node: Node, problems: list[Problem]) -> list[Item]:
    """The items as they are written; the fields of each by their kind, nothing more is asked yet."""
    nodes, items = _nodes(section, node, problems), []
    reader = mapping(section.fields)
    for path, one in nodes:
        item = Item("", "new", path=path, node=one)
        try:
            item.said = reader(one, "")
        except Wrong as wrong:
            problems.append(item.wrong(wrong.path, wrong.message))
        items.append(item)
    return items


def _nodes(section: Section, node: Node, problems: list[Problem]) -> list[tuple[str, Node]]:
    if section.single:
        return [(section.name, node)]
    if isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null"):
        return []
    if not isinstance(node, Listed):
        message = _("This must be a list, each on its own line after a dash.")
        problems.append(Problem(section.name, node.line, message))
        return []
    if len(node.items) > MOST_ITEMS:
        message = _("At most %(limit)d of these in one file.") % {"limit": MOST_ITEMS}
        problems.append(Problem(section.name, node.line, message))
        return []
    return [(f"{section.name}[{at}]", one) for at, one in enumerate(node.items)]


def _compare(part: Part, book: Book, remove: bool, problems: list[Problem]) -> list[Said]:
    """Fill the part; what is there now, for the digest."""
    section = part.section
    now = dict(_keyed(section, ((one.said, one) for one in section.now(book))))
    keys: list[Hashable] = []
    for key, item in _keyed(section, ((one.said, one) for one in part.items)):
        if section.unique and key in keys:
            problems.append(item.wrong("", _("This stands in the file twice.")))
        keys.append(key)
        _judge(section, item, now.get(key), book, problems)
    part.others = [kept for key, kept in now.items() if key not in set(keys)]
    if remove and not section.single:
        part.gone = [
            Item(section.label(one.said), "gone", before=one.said, row=one)
            for one in section.going(part.others, book)
        ]
    part.reordered = section.ordered and _other_order(list(now), keys)
    return [one.said for one in now.values()]


def _keyed(section: Section, items: Iterable[tuple[Said, Any]]) -> Iterator[tuple[Hashable, Any]]:
    """Each by its key; in a section that is not unique, the second of a name is another."""
    turns: dict[Hashable, int] = {}
    for said, one in items:
        key = section.key(said)
        turn = turns[key] = turns.get(key, -1) + 1
        yield (key, 0 if section.unique else turn), one


def _judge(section: Section, item: Item, kept: Kept | None, book: Book, problems: list[Problem]) -> None:
    """What is not said stays as it is; a new one has what is usual."""
    whole = {**(kept.said if kept else section.defaults), **item.said}
    item.label = section.label(whole)
    try:
        item.said = section.clean(whole, book)
        if kept is not None:
            item.before, item.row = kept.said, kept.row
            item.state = "same" if item.said == kept.said else "changed"
        if item.state != "same":
            section.check(item.said, kept.said if kept else {}, book)
    except Wrong as wrong:
        problems.append(item.wrong(wrong.path, wrong.message))
    except HumanaError as refusal:
        problems.append(item.wrong(refusal.field or "", str(refusal)))


def _other_order(now: Sequence[Hashable], keys: Sequence[Hashable]) -> bool:
    """Whether new ones at the end of what is there would not stand as in the file."""
    wanted, there = set(keys), set(now)
    after = [one for one in now if one in wanted] + [one for one in keys if one not in there]
    return after != list(keys)


def _digest(root: Mapped, seen: Sequence[Sequence[Said]], remove: bool) -> str:
    told = json.dumps([plain(root), seen, remove], ensure_ascii=True, default=str)
    return sha256(told.encode()).hexdigest()


def plain(node: Node) -> Any:
    """The node without its lines."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listed):
        return [plain(one) for one in node.items]
    return {name: plain(one) for name, one in node.entries.items()}
