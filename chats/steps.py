"""One use of a tool within an answer: what readers are told as it goes, and what the message keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

#: Still going on: the person is asked, or the tool is at work.
LIVE = frozenset({"asking", "running"})
#: What became of it; words for each are in `chats.step_words`.
OVER = frozenset(
    {
        "ok",
        "error",
        "declined",
        "unanswered",
        "blocked",
        "withheld",
        "unknown",
        "invalid",
        "repeated",
        "limit",
        "stopped",
        "handed",
    }
)
#: Characters of arguments and of a result that a message keeps.
KEPT_ARGUMENTS, KEPT_RESULT = 2_000, 2_000
KIND = "tool"
#: What programs are told of a use; how long the person is waited for goes with it.
TOLD = ("call", "name", "state", "arguments", "said", "ms", "at")


class Step(msgspec.Struct, frozen=True, tag="step"):
    """`call` is ours and names it within its run, `name` is the tool's ("server__tool").

    `arguments` is JSON for people to read, whole while they are asked; `said` is what the model was told
    came of it. `at` is where in the text of the answer it stands, `round` which turn of the model asked
    for it, `until` when nobody is waited for any more (epoch seconds), `ms` how long the tool worked.
    """

    call: str
    name: str
    state: str
    at: int = 0
    round: int = 1
    arguments: str = ""
    said: str = ""
    ms: int = 0
    until: int = 0

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def part(self) -> dict[str, Any]:
        """What `Message.parts` keeps of it: while the person is asked, all that they are asked about."""
        kept = {one: getattr(self, one) for one in ("call", "name", "state", "at", "round", "ms")}
        arguments = self.arguments if self.state == "asking" else cut(self.arguments, KEPT_ARGUMENTS)
        kept |= {"kind": KIND, "arguments": arguments, "said": cut(self.said, KEPT_RESULT)}
        return kept | ({"until": self.until} if self.state == "asking" else {})


def told_step(step: Step) -> dict[str, Any]:
    """For programs: what the API says of a use, whole."""
    told = {one: getattr(step, one) for one in TOLD}
    return told | {"until": step.until or None}


def cut(text: str, most: int) -> str:
    """The beginning, with a sign that there was more."""
    return text if len(text) <= most else text[: most - 1] + "…"


def storable(text: str) -> str:
    """Without what neither the database nor JSON can carry."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def steps_of(parts: Iterable[Mapping[str, Any]], *, live: bool = False) -> list[Step]:
    """The uses that a message keeps, in order. Of an answer that is over, what still went on was stopped."""
    found = [_step(one) for one in parts if one.get("kind") == KIND]
    return found if live else [over(one) for one in found]


def over(step: Step) -> Step:
    return msgspec.structs.replace(step, state="stopped", until=0) if step.is_live else step


def _step(part: Mapping[str, Any]) -> Step:
    names = Step.__struct_fields__
    return Step(**{name: value for name, value in part.items() if name in names})


def readable(arguments: Mapping[str, Any]) -> str:
    """Arguments as people are shown them: nothing in it is invisible or turns the writing around."""
    text = json.dumps(arguments, ensure_ascii=False, indent=2)
    return "".join(one if one.isprintable() or one == "\n" else f"\\u{ord(one):04x}" for one in text)


def cut_at(text: str, steps: Sequence[Step]) -> list[str]:
    """The text before each step, and what stands after the last one."""
    places = [0, *(min(one.at, len(text)) for one in steps), len(text)]
    return [text[start:end] for start, end in pairwise(places)]
