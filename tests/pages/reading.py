"""A page read as a browser and a screen reader would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.http import HttpResponse

UNLABELLED = {"hidden", "submit", "button"}  # types of input that need no label


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    words: str = ""
    within: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


class Page(HTMLParser):
    """Every element in order, each with the words inside it."""

    VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "use", "path", "circle"}

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(answer.content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        element.within = [one.tag for one in self._open]
        self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for number in range(len(self._open) - 1, -1, -1):
            if self._open[number].tag == tag:
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words += data

    def all(self, *tags: str) -> list[Element]:
        return [one for one in self.elements if one.tag in tags]

    def headings(self) -> list[Element]:
        """Of the page itself: a dialog has its own."""
        return [one for one in self.all("h2") if "dialog" not in one.within]

    def one(self, tag: str) -> Element:
        (found,) = self.all(tag)
        return found

    @property
    def words(self) -> str:
        return " ".join(self.one("body").words.split())


def shortcomings(page: Page) -> list[str]:
    """What keeps the page from being reachable for everybody, or from living under a strict policy."""
    found = []
    if len(page.all("h1")) != 1 or not page.all("h1")[0].words.strip():
        found.append("not exactly one h1 with words")
    found += [f"inline {one.tag}" for one in page.all("script", "style") if not one["src"]]
    for one in page.elements:
        handlers = [name for name in one.attributes if name.startswith(("on", "hx-on")) or name == "style"]
        found += [f"{name} on {one.tag}" for name in handlers]
    return found + _unnamed(page) + _ids(page) + _outside(page)


def _unnamed(page: Page) -> list[str]:
    labelled = {one["for"] for one in page.all("label")}
    fields = [one for one in page.all("input", "textarea", "select") if one["type"] not in UNLABELLED]
    unnamed = [
        f"no label for {one.tag} {one['name']}"
        for one in fields
        if one["id"] not in labelled and not one["aria-label"]
    ]
    pressed = page.all("button", "a", "summary")
    return unnamed + [
        f"a {one.tag} without a name" for one in pressed if not one["aria-label"] and not one.words.strip()
    ]


def _ids(page: Page) -> list[str]:
    ids = [one["id"] for one in page.elements if one["id"]]
    pointed = {
        name
        for one in page.elements
        for attribute in ("aria-labelledby", "aria-describedby", "aria-controls", "for")
        for name in one[attribute].split()
    }
    twice = [f"id {name} twice" for name in sorted(set(ids)) if ids.count(name) > 1]
    return twice + [f"nothing has the id {name}" for name in sorted(pointed - set(ids))]


def _outside(page: Page) -> list[str]:
    """What the browser would fetch from elsewhere."""
    loads = [one["src"] for one in page.elements if one["src"]] + [
        one["href"] for one in page.all("link", "use")
    ]
    return [
        f"loads {address}"
        for address in loads
        if not address.startswith(("/", "#")) or address.startswith("//")
    ]
