"""A use of a tool in the reader's words: one short line, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.steps import Step

#: By state; `%(tool)s` is the tool, `%(who)s` the companion.
LINES: dict[str, Promise] = {
    "asking": _("%(who)s wants to use %(tool)s"),
    "running": _("Using %(tool)s…"),
    "ok": _("Used %(tool)s"),
    "error": _("%(tool)s could not help"),
    "declined": _("Not used, as you wished: %(tool)s"),
    "unanswered": _("Not used, as nobody answered in time: %(tool)s"),
    "blocked": _("A policy did not let this be used: %(tool)s"),
    "withheld": _("A policy keeps back what it said: %(tool)s"),
    "unknown": _("Asked for a tool that is not there: %(tool)s"),
    "invalid": _("Asked in a way that cannot be read: %(tool)s"),
    "repeated": _("Not used again for the same: %(tool)s"),
    "limit": _("Not used, as this answer has used all the tools it may: %(tool)s"),
    "stopped": _("Stopped: %(tool)s"),
    "handed": _("Asked the program that wrote for %(tool)s"),
}
#: What is still going on, for the line below the answer and for those who listen.
NEWS: dict[str, Promise] = {
    "asking": _("%(who)s wants to use %(tool)s. Allow it?"),
    "running": _("Using %(tool)s…"),
}
#: Beyond this many characters arguments are shown only when somebody wants to see all.
SHORT = 300


@dataclass(frozen=True, slots=True)
class ShownStep:
    """What a page shows of one use. `who` is the companion's name, for a use that still goes on."""

    step: Step
    who: str = ""

    @property
    def tool(self) -> str:
        return tool_name(self.step.name)

    @property
    def line(self) -> str:
        return str(LINES[self.step.state]) % {"who": self.who, "tool": self.tool}

    @property
    def tone(self) -> str:
        """How it went: "", "live", "good" or "caution"."""
        if self.step.is_live:
            return "live"
        return "good" if self.step.state in ("ok", "handed") else "caution"

    @property
    def beginning(self) -> str:
        """Of arguments that are long; empty where they are not."""
        return self.step.arguments[:SHORT].rstrip() + "…" if len(self.step.arguments) > SHORT else ""

    @property
    def said(self) -> str:
        """What the tool itself said; of one that was not used there is only the line."""
        return self.step.said if self.step.state in ("ok", "error") else ""

    @property
    def has_more(self) -> bool:
        return bool(self.step.arguments.strip("{}\n ") or self.said)


def tool_name(name: str) -> str:
    """As people read it: the server, then its tool."""
    return name.replace("__", " · ", 1)


def news(step: Step, who: str) -> Any:
    """Lazy; empty for what is over."""
    line = NEWS.get(step.state)
    return "" if line is None else str(line) % {"who": who, "tool": tool_name(step.name)}
