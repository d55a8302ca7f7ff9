"""From the JSON of a policy to its checks, or a clear word about what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from companions.checks.errors import BadCheck
from companions.checks.kinds import (
    CLASSES,
    STAGES,
    Check,
    DisclaimerCheck,
    PatternCheck,
    PiiCheck,
    Stage,
    ToolsCheck,
    TopicsCheck,
)
from companions.checks.patterns import LONGEST, BadPattern, compiled

MOST_CHECKS, MOST_WORDS = 20, 50
#: Characters of a name, a topic or a tool; of a message; of a disclaimer.
NAME, MESSAGE, TEXT = 80, 300, 1000


def parse_checks(value: object) -> tuple[Check, ...]:
    """The checks of a policy. Raises BadCheck (a ValueError) with the path of the first thing wrong."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise BadCheck("checks", Worded(_("This must be a list.")))
    if len(value) > MOST_CHECKS:
        raise BadCheck("checks", Worded(_("At most %(limit)d checks."), limit=MOST_CHECKS))
    return tuple(_Item(one, f"checks[{index}]").check() for index, one in enumerate(value))


class _Item:
    """One check as it was written, and the path to it."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping):
            raise BadCheck(path, Worded(_("This must be an object with “stage” and “kind”.")))
        self._value: Mapping[str, Any] = value
        self._path = path
        self._read = {"stage", "kind", "message"}

    def check(self) -> Check:
        kind = self._choice("kind", tuple(_KINDS))
        made, read = _KINDS[kind]
        stage = self._stage(made.stages)
        own = read(self)
        message = self.line("message", MESSAGE, required=False)
        self._nothing_else()
        return made(stage=stage, message=message, **own)

    def line(self, name: str, limit: int, required: bool = True) -> str:
        """One line of text; white space of any kind becomes one space."""
        return " ".join(self.text(name, limit, required).split())

    def text(self, name: str, limit: int, required: bool = True) -> str:
        self._read.add(name)
        value = self._value.get(name, "")
        self._want(isinstance(value, str), name, Worded(_("This must be text.")))
        self._clean(name, value, limit)
        self._want(bool(value.strip()) or not required, name, Worded(_("This is missing.")))
        return str(value)

    def words(self, name: str, empty: bool = False) -> tuple[str, ...]:
        """A list of names, each once."""
        self._read.add(name)
        value = self._value.get(name)
        self._want(isinstance(value, list | tuple), name, Worded(_("This must be a list.")))
        assert value is not None
        self._want(bool(value) or empty, name, Worded(_("Name at least one.")))
        self._want(len(value) <= MOST_WORDS, name, Worded(_("At most %(limit)d."), limit=MOST_WORDS))
        return tuple(dict.fromkeys(self._word(f"{name}[{n}]", one) for n, one in enumerate(value)))

    def pattern(self) -> str:
        written = self.text("pattern", LONGEST)
        try:
            found = compiled(written)
        except BadPattern as error:
            message = _("This expression cannot be used (%(reason)s). Its syntax is that of RE2.")
            raise BadCheck(f"{self._path}.pattern", Worded(message, reason=str(error))) from None
        empty = Worded(_("This expression also matches where there is nothing. Make it more precise."))
        self._want(found.search("") is None, "pattern", empty)
        return written

    def classes(self) -> tuple[str, ...]:
        named = self.words("classes")
        for index, one in enumerate(named):
            self._one_of(f"classes[{index}]", one, CLASSES)
        return named

    def _word(self, name: str, value: object) -> str:
        good = isinstance(value, str) and bool(value.strip())
        self._want(good, name, Worded(_("This must be text, and not empty.")))
        self._clean(name, str(value), NAME)
        return " ".join(str(value).split())

    def _stage(self, allowed: tuple[Stage, ...]) -> Stage:
        self._choice("stage", STAGES)
        self._one_of("stage", self._value["stage"], allowed)
        stage: Stage = self._value["stage"]
        return stage

    def _choice(self, name: str, known: tuple[str, ...]) -> str:
        value = self._value.get(name)
        self._one_of(name, value, known)
        return str(value)

    def _one_of(self, name: str, value: object, known: Sequence[str]) -> None:
        wrong = Worded(_("This must be one of: %(known)s."), known=", ".join(known))
        self._want(isinstance(value, str) and value in known, name, wrong)

    def _clean(self, name: str, value: str, limit: int) -> None:
        self._want(len(value) <= limit, name, Worded(_("At most %(limit)d characters."), limit=limit))
        storable = "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
        self._want(storable, name, Worded(_("This text holds characters that cannot be stored.")))

    def _nothing_else(self) -> None:
        for name in self._value:
            unknown = Worded(_("This is not known here. Known are: %(known)s."), known=self._known())
            self._want(name in self._read, str(name)[:NAME], unknown)

    def _known(self) -> str:
        return ", ".join(sorted(self._read))

    def _want(self, good: bool, name: str, otherwise: Worded) -> None:
        if not good:
            raise BadCheck(f"{self._path}.{name}", otherwise)


#: By its kind, what a check becomes and what it has beside stage and message.
_KINDS: dict[str, tuple[type[Check], Callable[[_Item], dict[str, Any]]]] = {
    "pattern": (PatternCheck, lambda one: {"pattern": one.pattern(), "name": one.line("name", NAME)}),
    "pii": (PiiCheck, lambda one: {"classes": one.classes()}),
    "topics": (TopicsCheck, lambda one: {"topics": one.words("topics")}),
    "disclaimer": (DisclaimerCheck, lambda one: {"text": one.text("text", TEXT).strip()}),
    "tools": (ToolsCheck, lambda one: {"allowed": one.words("allowed", empty=True)}),
}
