"""A named set of things that apps declare once and others look up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from humana.kernel.errors import Misconfigured

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """`add` refuses a second thing of one name; `get` names what is known when it fails."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._items: dict[str, Item] = {}

    def add(self, name: str, item: Item) -> Item:
        if self._items.get(name, item) != item:
            raise Misconfigured(f"{self._what} {name!r} is declared twice")
        self._items[name] = item
        return item

    def get(self, name: str) -> Item:
        try:
            return self._items[name]
        except KeyError:
            known = ", ".join(sorted(self._items)) or "none"
            raise Misconfigured(f"unknown {self._what} {name!r}; known: {known}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))

    def items(self) -> list[tuple[str, Item]]:
        return sorted(self._items.items())
