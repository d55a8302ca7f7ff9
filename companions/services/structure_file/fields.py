"""Nodes to values: what each field of the file takes. A mistake raises Wrong, with its place in the item."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from companions.services.structure_file.tree import Listed, Mapped, Node, Scalar

Field = Callable[[Node, str], Any]
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_WHOLE = re.compile(r"^-?(?:0|[1-9][0-9]{0,8})\Z")
_DECIMAL = re.compile(r"^-?[0-9]{1,12}\.[0-9]{1,12}\Z")
_YES_NO = {"true": True, "false": False}


class Wrong(Exception):
    """`path` is inside the item, such as `audience.teams[0]`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path, self.message = path, message


def text(node: Node, path: str) -> str:
    """As it is written: 007 and no are words, too."""
    if not isinstance(node, Scalar):
        raise Wrong(path, _("This must be text."))
    return "" if node.plain and node.text in NOTHING else node.text


def name(node: Node, path: str) -> str | None:
    """The name of something, or nothing."""
    return text(node, path).strip() or None


def yes_no(node: Node, path: str) -> bool:
    if not isinstance(node, Scalar) or not node.plain or node.text not in _YES_NO:
        raise Wrong(path, _("Write true or false."))
    return _YES_NO[node.text]


def whole(node: Node, path: str) -> int:
    if not isinstance(node, Scalar) or not node.plain or not _WHOLE.match(node.text):
        raise Wrong(path, _("Write a whole number."))
    return int(node.text)


def texts(node: Node, path: str) -> list[str]:
    if isinstance(node, Scalar) and node.plain and node.text in NOTHING:
        return []
    if not isinstance(node, Listed):
        raise Wrong(path, _("This must be a list, each on its own line after a dash."))
    return [text(one, f"{path}[{at}]") for at, one in enumerate(node.items)]


def anything(node: Node, path: str) -> Any:
    """Data of no fixed form: words without quotes are numbers, true, false or nothing where they read so."""
    if isinstance(node, Listed):
        return [anything(one, f"{path}[{at}]") for at, one in enumerate(node.items)]
    if isinstance(node, Mapped):
        return {key: anything(one, f"{path}.{key}") for key, one in node.entries.items()}
    return _plain(node.text) if node.plain else node.text


def _plain(word: str) -> Any:
    if word in NOTHING:
        return None
    if word in _YES_NO:
        return _YES_NO[word]
    if _WHOLE.match(word):
        return int(word)
    return float(word) if _DECIMAL.match(word) else word


def mapping(fields: Mapping[str, Field]) -> Field:
    """A mapping of these fields; what is not said is not in it."""

    def read(node: Node, path: str) -> dict[str, Any]:
        if isinstance(node, Scalar) and node.plain and node.text in NOTHING:
            return {}
        if not isinstance(node, Mapped):
            raise Wrong(path, _("This must be fields with values: “name: …”."))
        for key in node.entries:
            if key not in fields:
                message = _("This is not known here. Known are: %(known)s.")
                raise Wrong(_under(path, key[:80]), message % {"known": ", ".join(fields)})
        return {key: fields[key](one, _under(path, key)) for key, one in node.entries.items()}

    return read


def many(field: Field) -> Field:
    def read(node: Node, path: str) -> list[Any]:
        if isinstance(node, Scalar) and node.plain and node.text in NOTHING:
            return []
        if not isinstance(node, Listed):
            raise Wrong(path, _("This must be a list, each on its own line after a dash."))
        return [field(one, f"{path}[{at}]") for at, one in enumerate(node.items)]

    return read


def line_of(node: Node, path: str) -> int:
    """Where in the file the path leads, or as far as it does."""
    line = node.line
    for key, at in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        below = _below(node, key, at)
        if below is None:
            break
        line, node = below
    return line


def _below(node: Node, key: str, at: str) -> tuple[int, Node] | None:
    if isinstance(node, Mapped) and key in node.entries:
        return node.lines[key], node.entries[key]
    if isinstance(node, Listed) and at and int(at) < len(node.items):
        return node.items[int(at)].line, node.items[int(at)]
    return None


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
