"""Images in an office document that may have text: scans that somebody pasted, screens, photos of a board."""

from __future__ import annotations

from collections.abc import Mapping

from documents.extraction.readers.markup import Attributes
from documents.extraction.readers.package import Package, beside
from documents.extraction.readers.relations import Relation

#: Elements that show an image of the package, with the attribute that names it.
_SHOWN_BY = {"a:blip": "r:embed", "v:imagedata": "r:id", "draw:image": "xlink:href"}


class Embedded:
    """The images that a part shows, by their numbers in the package; each is told once in a document."""

    def __init__(self, package: Package) -> None:
        self._numbers = {name: number for number, name in enumerate(package.pictures(), 1)}
        self._waiting: list[int] = []

    def noticed(
        self, name: str, attributes: Attributes, related: Mapping[str, Relation] | None = None
    ) -> None:
        """An element begins; where it shows an image, that waits for its place."""
        said = attributes.get(_SHOWN_BY.get(name, ""), "")
        if not said:
            return
        if related is None:
            part = beside("content.xml", said)
        else:
            part = related[said].part if said in related else ""
        number = self._numbers.pop(part, None)
        if number is not None:
            self._waiting.append(number)

    def taken(self) -> list[int]:
        """What waits, in the order that it stands in."""
        waiting, self._waiting = self._waiting, []
        return waiting
