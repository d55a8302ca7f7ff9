"""axe, of another house, asked about the page before a reader."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.plugins.needs import PEERS

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: WCAG 2.2 at A and AA.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_ASK = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(one => one.violations)"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that one or more places of a page break."""

    rule: str
    where: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.why} at {', '.join(self.where[:4])}"


@functools.cache
def _source() -> str:
    return (PEERS / "node_modules" / "axe-core" / "axe.min.js").read_text()


def broken(page: Page) -> list[Broken]:
    """What the page breaks as it stands; empty where it breaks nothing."""
    page.wait_for_function("() => document.getAnimations().every(one => one.playState !== 'running')")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    return [
        Broken(
            one["id"],
            tuple(" ".join(map(str, node["target"])) for node in one["nodes"]),
            one["nodes"][0]["failureSummary"].splitlines()[1].strip() if one["nodes"] else one["help"],
        )
        for one in page.evaluate(_ASK, list(TAGS))
    ]
