"""Charts of office documents: their titles, and each series as the numbers that it was drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from documents.extraction.readers.markup import Attributes, Handler, parse
from documents.extraction.readers.package import Package
from documents.extraction.readers.relations import Relation

#: Charts of one place, series of one chart, points of one series, characters of one word.
MOST_CHARTS, MOST_SERIES, MOST_POINTS, LONGEST = 20, 50, 200, 200
_PARTS = {"c:tx": "name", "c:cat": "points", "c:xVal": "points", "c:val": "values", "c:yVal": "values"}


def charts_of(package: Package, related: Mapping[str, Relation], *, depth: int) -> list[str]:
    """What the charts that a part refers to say, one text each."""
    parts = [one.part for one in related.values() if one.kind == "chart" and one.part in package]
    return [chart_of(package, part, depth=depth) for part in islice(parts, MOST_CHARTS)]


def chart_of(package: Package, part: str, *, depth: int) -> str:
    chart = _Chart()
    parse(package.pieces(part), chart, depth=depth)
    return "\n".join(one for one in (*chart.titles, *map(_line, chart.series)) if one)


class _Series:
    def __init__(self) -> None:
        self.name: list[str] = []
        self.points: list[str] = []
        self.values: list[str] = []


def _line(series: _Series) -> str:
    """`Sales: January 10; February 20`."""
    points = [*series.points, *[""] * (len(series.values) - len(series.points))]
    pairs = [f"{point} {value}".strip() for point, value in zip(points, series.values, strict=False)]
    return ": ".join(one for one in (" ".join(series.name), "; ".join(pairs)) if one)


class _Chart(Handler):
    def __init__(self) -> None:
        self.titles: list[str] = []
        self.series: list[_Series] = []
        self._title: list[str] | None = None
        self._into: list[str] | None = None
        self._said: list[str] | None = None

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "c:title":
            self._title = []
        elif name == "c:ser":
            self.series = [*self.series[: MOST_SERIES - 1], _Series()]
        elif name in _PARTS and self.series and self._title is None:
            self._into = getattr(self.series[-1], _PARTS[name])
        elif name == "c:v" or name == "a:t":
            self._said = []

    def end(self, name: str) -> None:
        if name == "c:title" and self._title is not None:
            self.titles = [*self.titles, " ".join(self._title)][:MOST_SERIES]
            self._title = None
        elif name in _PARTS:
            self._into = None
        elif name in {"c:v", "a:t"} and self._said is not None:
            self._word(" ".join("".join(self._said).split())[:LONGEST])
            self._said = None

    def text(self, text: str) -> None:
        if self._said is not None and len(self._said) < LONGEST:
            self._said.append(text)

    def _word(self, word: str) -> None:
        into = self._into if self._title is None else self._title
        if into is not None and word and len(into) < MOST_POINTS:
            into.append(word)
