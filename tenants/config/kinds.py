"""What a value may be: checked, read from a form, written into one, brought within bounds.

check(value)     from JSON; the value as it is kept, or Invalid saying what to send instead
read(text)       the same, from what a person typed
write(value)     what a form shows for it
shown(value)     what people read
lowered, raised  brought under a cap, over a floor; of kinds that say so in `bounds`
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid
from humana.kernel.measures import count
from humana.kernel.text import clean_line, clean_text

T = TypeVar("T")
BOTH = frozenset({"cap", "floor"})
#: Characters of a value that is not otherwise limited.
LONGEST = 8_000


def refused(message: str, code: str = "bad_value") -> Invalid:
    return Invalid(message, field="value", code=code)


class Kind(Generic[T]):
    """The base: text, without bounds."""

    name: ClassVar[str]
    control: ClassVar[str] = "text"
    bounds: frozenset[str] = frozenset()
    secret: ClassVar[bool] = False

    def check(self, value: object) -> T:
        raise NotImplementedError

    def read(self, text: str) -> T:
        return self.check(text)

    def write(self, value: T) -> str:
        return "" if value is None else str(value)

    def shown(self, value: T) -> str:
        return self.write(value)

    def lowered(self, value: T, cap: T) -> T:
        raise NotImplementedError

    def raised(self, value: T, floor: T) -> T:
        raise NotImplementedError

    @property
    def offered(self) -> Sequence[tuple[str, Any]]:
        """What a form lets people choose from; empty where they write."""
        return ()

    @property
    def hint(self) -> str:
        """How a person may write it, by example; empty where that needs no telling."""
        return ""

    @property
    def limits(self) -> str:
        """For the table of keys: what it takes, in short."""
        return ""


class YesNo(Kind[bool]):
    """True or false; nothing that is only like it."""

    name, control = "bool", "select"

    def check(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise refused(_("Say true or false."))
        return value

    def read(self, text: str) -> bool:
        return self.check({"true": True, "false": False}.get(text.strip().lower(), text))

    def write(self, value: bool) -> str:
        return "true" if value else "false"

    def shown(self, value: bool) -> str:
        return _("yes") if value else _("no")

    @property
    def offered(self) -> Sequence[tuple[str, Any]]:
        return (("true", _("yes")), ("false", _("no")))


N = TypeVar("N", int, float)


@dataclass(frozen=True)
class _Measured(Kind[N]):
    """A number from `least` to `most`. `unit` is what people read after it, of one and of more
    (`npgettext_lazy`)."""

    least: N
    most: N
    unit: Any = None
    control: ClassVar[str] = "number"
    bounds = BOTH

    def within(self, value: N) -> N:
        if not self.least <= value <= self.most:
            message = _("Choose a number from %(least)s to %(most)s.")
            told = {"least": self.said(self.least), "most": self.said(self.most)}
            raise refused(message % told, "out_of_range")
        return value

    def said(self, value: N) -> str:
        """The number alone, as it is read."""
        return count(value)

    def shown(self, value: N) -> str:
        return f"{self.said(value)} {self.unit % value}" if self.unit else self.said(value)

    def lowered(self, value: N, cap: N) -> N:
        return min(value, cap)

    def raised(self, value: N, floor: N) -> N:
        return max(value, floor)

    @property
    def limits(self) -> str:
        return f"{self.least} – {self.most}"


@dataclass(frozen=True)
class Whole(_Measured[int]):
    """A whole number."""

    name: ClassVar[str] = "int"

    def check(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refused(_("Write a whole number, in digits."))
        return self.within(value)

    def read(self, text: str) -> int:
        digits = text.strip()
        plain = digits.removeprefix("-")
        return self.check(int(digits) if plain.isascii() and plain.isdecimal() and len(plain) < 20 else text)


@dataclass(frozen=True)
class Number(_Measured[float]):
    """A number with decimals; a comma is read as a point."""

    name: ClassVar[str] = "float"

    def check(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise refused(_("Write a number."))
        return self.within(float(value))

    def read(self, text: str) -> float:
        try:
            return self.check(float(text.strip().replace(",", ".")))
        except ValueError:
            raise refused(_("Write a number.")) from None


@dataclass(frozen=True)
class Line(Kind[str]):
    """One line of text; may be empty."""

    limit: int = 200
    name: ClassVar[str] = "text"

    def check(self, value: object) -> str:
        return clean_line(value, field="value", limit=self.limit, required=False)


@dataclass(frozen=True)
class Paragraph(Kind[str]):
    """Text of several lines; may be empty."""

    limit: int = LONGEST
    name: ClassVar[str] = "text"
    control: ClassVar[str] = "textarea"

    def check(self, value: object) -> str:
        return clean_text(value, field="value", limit=self.limit, required=False).strip()


@dataclass(frozen=True)
class OneOf(Kind[str]):
    """One of these, each with its label. Where they are `ordered`, the first is the least."""

    choices: tuple[tuple[str, Any], ...]
    ordered: bool = False
    name: ClassVar[str] = "choice"
    control: ClassVar[str] = "select"

    @property
    def bounds(self) -> frozenset[str]:  # type: ignore[override]
        return BOTH if self.ordered else frozenset()

    def check(self, value: object) -> str:
        if not isinstance(value, str) or value not in dict(self.choices):
            names = ", ".join(name for name, _label in self.choices)
            raise refused(_("Send one of: %(values)s.") % {"values": names})
        return value

    def shown(self, value: str) -> str:
        return str(dict(self.choices).get(value, value))

    def lowered(self, value: str, cap: str) -> str:
        return min(value, cap, key=self._rank)

    def raised(self, value: str, floor: str) -> str:
        return max(value, floor, key=self._rank)

    def _rank(self, value: str) -> int:
        return [name for name, _label in self.choices].index(value)

    @property
    def offered(self) -> Sequence[tuple[str, Any]]:
        return self.choices

    @property
    def limits(self) -> str:
        return (" < " if self.ordered else ", ").join(name for name, _label in self.choices)


@dataclass(frozen=True)
class Listed(Kind[tuple[str, ...]]):
    """Lines of text, each once. A cap is the list of those that may be on it at all."""

    most: int = 50
    limit: int = 200
    name: ClassVar[str] = "list"
    control: ClassVar[str] = "textarea"
    bounds = frozenset({"cap"})

    def check(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise refused(_("Send a list of texts."))
        found = tuple(dict.fromkeys(clean_line(one, field="value", limit=self.limit) for one in value))
        if len(found) > self.most:
            raise refused(_("At most %(limit)d lines.") % {"limit": self.most}, "too_many")
        return found

    def read(self, text: str) -> tuple[str, ...]:
        return self.check([line for line in text.splitlines() if line.strip()])

    def write(self, value: tuple[str, ...]) -> str:
        return "\n".join(value)

    def shown(self, value: tuple[str, ...]) -> str:
        return ", ".join(value) or _("none")

    def lowered(self, value: tuple[str, ...], cap: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one for one in value if one in cap)


@dataclass(frozen=True)
class Json(Kind[Any]):
    """Any JSON, up to `limit` characters."""

    limit: int = LONGEST
    name: ClassVar[str] = "json"
    control: ClassVar[str] = "textarea"

    def check(self, value: object) -> Any:
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise refused(_("This is not JSON.")) from None
        clean_text(text, field="value", limit=self.limit)
        if "\\u0000" in text:
            raise refused(_("The text contains characters that cannot be stored."), "bad_characters")
        return json.loads(text)

    def read(self, text: str) -> Any:
        try:
            return self.check(json.loads(text))
        except (ValueError, RecursionError):
            raise refused(_("This is not JSON.")) from None

    def write(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class Secret(Kind[str]):
    """One line that is sealed as soon as it is given, and never shown again."""

    limit: int = 2_000
    name: ClassVar[str] = "secret"
    control: ClassVar[str] = "password"
    secret: ClassVar[bool] = True

    def check(self, value: object) -> str:
        return clean_line(value, field="value", limit=self.limit)

    def write(self, value: str) -> str:
        return ""

    def shown(self, value: str) -> str:
        return _("set") if value else _("not set")


@dataclass(frozen=True)
class Open(Kind[T | None]):
    """The same, or nothing chosen (null), which counts as more than any number and every line."""

    kind: Kind[T]
    left_open: Any = ""

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.kind.name

    @property
    def control(self) -> str:  # type: ignore[override]
        return self.kind.control

    @property
    def bounds(self) -> frozenset[str]:  # type: ignore[override]
        return self.kind.bounds

    def check(self, value: object) -> T | None:
        return None if value is None else self.kind.check(value)

    def read(self, text: str) -> T | None:
        return self.kind.read(text) if text.strip() else None

    def write(self, value: T | None) -> str:
        return "" if value is None else self.kind.write(value)

    def shown(self, value: T | None) -> str:
        return str(self.left_open or _("left open")) if value is None else self.kind.shown(value)

    def lowered(self, value: T | None, cap: T | None) -> T | None:
        if cap is None or value is None:
            return value if cap is None else cap
        return self.kind.lowered(value, cap)

    def raised(self, value: T | None, floor: T | None) -> T | None:
        return value if floor is None or value is None else self.kind.raised(value, floor)

    @property
    def offered(self) -> Sequence[tuple[str, Any]]:
        return (("", self.left_open or _("left open")), *self.kind.offered) if self.kind.offered else ()

    @property
    def hint(self) -> str:
        return self.kind.hint

    @property
    def limits(self) -> str:
        return self.kind.limits
