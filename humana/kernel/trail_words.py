"""What happened, in people's words: each app says in its `trail_words.py` how its own actions are read.

    declare(_("Chats"), {"chats.chat.started": _("started a chat"), …})

What is said follows the name of whoever did it: “Ana” “started a chat”.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from django.utils.text import capfirst

from humana.kernel.registry import Registry


class Said(NamedTuple):
    """The area that an action belongs to, and what whoever did it did; both lazy."""

    area: Any
    did: Any


#: (member, references) → the names of those that the member may see. A reference is an id, or what something
#: is called by in an address or a list: `companion clara`, `role doctors`.
Namer = Callable[[Any, Collection[str]], Mapping[str, str]]

said: Registry[Said] = Registry("action")
namers: Registry[Namer] = Registry("namer")
#: Codes that stand in details, each with its words: one for the whole house.
codes: Registry[Any] = Registry("code in details")


def declare(area: Any, actions: Mapping[str, Any]) -> None:
    """Say each action once; `area` is how people call what they are about."""
    for code, did in actions.items():
        said.add(code, Said(area, did))


def declare_codes(words: Mapping[str, Any]) -> None:
    """Say what codes in details mean; a code means the same wherever it stands."""
    for code, one in words.items():
        codes.add(code, one)


def did(action: str) -> str:
    """What whoever did it did; the code itself where nobody has words for it any more."""
    return str(said.get(action).did) if action in said else action


def by_area() -> list[tuple[str, list[tuple[str, str]]]]:
    """Areas by name, each with its actions as (code, words), by words: as one chooses among them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for code, one in said.items():
        found.setdefault(str(one.area), []).append((code, capfirst(str(one.did))))
    return [(area, sorted(found[area], key=_by_words)) for area in sorted(found, key=str.casefold)]


def names_of(member: Any, references: Collection[str]) -> dict[str, str]:
    """The names of what the member may see, in as many queries as there are kinds of things."""
    found: dict[str, str] = {}
    for whose in namers:
        found.update(namers.get(whose)(member, references))
    return found


def _by_words(one: tuple[str, str]) -> str:
    return one[1].casefold()
