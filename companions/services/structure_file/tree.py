"""YAML from strangers, read strictly: text, lists and mappings with their lines, and nothing else.

Tags make objects and anchors make bombs: neither is taken. Events are read one by one, so what is too
deep or too much ends the reading there. What a word means (a number, yes, nothing) is said by who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

from companions.services.structure_file.problems import Problem, Refused

#: Bytes of a file that comes through a page or the API; by the command it may be longer.
MOST_BYTES, MOST_BYTES_BY_COMMAND = 900_000, 20_000_000
#: Texts, lists and mappings of one file, and how deep they stand in each other.
MOST_NODES, DEEPEST = 500_000, 12
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """`plain` is what was written without quotes, as numbers and `true` are."""

    text: str
    plain: bool
    line: int


@dataclass(frozen=True, slots=True)
class Listed:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """Each key once. `lines` are those of the keys."""

    entries: dict[str, Node]
    lines: dict[str, int]
    line: int


Node = Scalar | Listed | Mapped


def load(data: bytes | str, *, most: int = MOST_BYTES) -> Mapped:
    """The mapping that the file is. Raises Refused, which says the line and what to change."""
    text = _text(data, most)
    try:
        found = _Reader(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.YAMLError as error:
        raise _unreadable(error) from None
    if not isinstance(found, Mapped):
        raise refused(1, _("The file should begin with “humana: 1” and sections below it."))
    return found


def _text(data: bytes | str, most: int) -> str:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > most:
        message = _("The file is too long: %(size)d bytes, at most %(most)d.")
        raise refused(1, message % {"size": len(raw), "most": most})
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused(line, _("The file should be text in UTF-8.")) from None
    if not text.strip():
        raise refused(1, _("The file is empty."))
    return re.sub(r"\r\n?", "\n", text)


def _unreadable(error: yaml.YAMLError) -> Refused:
    mark: Any = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "?"
    message = _("This cannot be read as YAML (%(reason)s).") % {"reason": str(reason)[:200]}
    return refused(mark.line + 1 if mark else 1, message)


def refused(line: int, message: str, path: str = "") -> Refused:
    return Refused([Problem(path, line, message)])


class _Reader:
    """Events to nodes."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> Node:
        next(self._events)  # the stream begins
        began = next(self._events)
        if not isinstance(began, yaml.DocumentStartEvent):
            raise refused(1, _("The file is empty."))
        if began.tags or began.version:
            raise refused(1, _("Directives (lines that begin with a percent sign) are not taken."))
        found = self._node(next(self._events), DEEPEST)
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise refused(_line(after), _("The file should be one document: leave out what follows “---”."))
        return found

    def _node(self, event: Any, levels: int) -> Node:
        self._judge(event, levels)
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(_storable(event.value, line), bool(event.implicit[0]), line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Listed(tuple(self._items(levels - 1)), line)
        return self._mapping(line, levels - 1)

    def _judge(self, event: Any, levels: int) -> None:
        line = _line(event)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise refused(line, _("The file says more than can be read at once: divide it."))
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise refused(line, _("Anchors and aliases (& and *) are not taken: write it out."))
        if event.tag is not None:
            raise refused(line, _("Tags (!…) are not taken: leave it out."))
        if levels == 0:
            raise refused(line, _("This stands too deep in the file."))

    def _items(self, levels: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, levels)

    def _mapping(self, line: int, levels: int) -> Mapped:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, levels)
            if not isinstance(key, Scalar):
                raise refused(key.line, _("Only a word can stand before a colon."))
            if key.text in entries:
                message = _("“%(name)s” stands here twice.") % {"name": key.text[:80]}
                raise refused(key.line, message)
            lines[key.text] = key.line
            entries[key.text] = self._node(next(self._events), levels)
        return Mapped(entries, lines, line)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _storable(text: str, line: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "\x00"
    if "\x00" in text:
        raise refused(line, _("The text contains characters that cannot be stored."))
    return text
