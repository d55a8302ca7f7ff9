"""How the parts of an office document refer to each other."""

from __future__ import annotations

from dataclasses import dataclass

from documents.extraction.contract import CannotRead
from documents.extraction.readers.markup import Attributes, Handler, parse
from documents.extraction.readers.package import Package, beside

#: References that one part has at most.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Relation:
    """`kind` is the last word of its type, such as `slide`."""

    kind: str
    part: str


class _Relations(Handler):
    def __init__(self, part: str) -> None:
        self._part = part
        self.found: dict[str, Relation] = {}

    def begin(self, name: str, attributes: Attributes) -> None:
        """What is outside of the document stays there."""
        if name != "rel:Relationship" or attributes.get("TargetMode") == "External":
            return
        if len(self.found) >= MOST:
            raise CannotRead("too_complex")
        kind = attributes.get("Type", "").rpartition("/")[2]
        self.found[attributes.get("Id", "")] = Relation(
            kind, beside(self._part, attributes.get("Target", ""))
        )


def relations_of(package: Package, part: str, *, depth: int) -> dict[str, Relation]:
    """What a part refers to, by the ids that it uses; empty where it says nothing."""
    folder, _slash, name = part.rpartition("/")
    listed = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    found = _Relations(part)
    if listed in package:
        parse(package.pieces(listed), found, depth=depth)
    return found.found


def main_part(package: Package, usual: str, *, depth: int) -> str:
    """The part that a document begins with. CannotRead where it has none."""
    related = relations_of(package, "", depth=depth).values()
    part = next((one.part for one in related if one.kind == "officeDocument"), usual)
    if part not in package:
        raise CannotRead("damaged")
    return part


def first_of(related: dict[str, Relation], kind: str) -> str:
    """The part that is related so; empty where there is none."""
    return next((one.part for one in related.values() if one.kind == kind), "")
