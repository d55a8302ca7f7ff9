"""Whole numbers that people read and write as they say them: `5 min`, `50 MB`. Programs give the number."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _

from humana.kernel.measures import duration, read_duration, read_size, size
from tenants.config.kinds import Whole


@dataclass(frozen=True)
class Spoken(Whole):
    control: ClassVar[str] = "text"

    @abstractmethod
    def heard(self, text: str) -> int | None:
        """What was typed with a unit; None where there is none."""

    def shown(self, value: int) -> str:
        return self.said(value)

    def read(self, text: str) -> int:
        found = self.heard(text)
        return super().read(text) if found is None else self.check(found)


@dataclass(frozen=True)
class Seconds(Spoken):
    """A length of time, in whole seconds."""

    name: ClassVar[str] = "seconds"

    def heard(self, text: str) -> int | None:
        return read_duration(text)

    def said(self, value: int) -> str:
        return duration(value)

    def write(self, value: int) -> str:
        return duration(value, exact=True)

    @property
    def hint(self) -> str:
        return _("For example 90 s, 5 min, 2 h or 3 days.")


@dataclass(frozen=True)
class Bytes(Spoken):
    """A size in bytes."""

    def heard(self, text: str) -> int | None:
        return read_size(text)

    def said(self, value: int) -> str:
        return size(value)

    def write(self, value: int) -> str:
        """In the largest unit in which it is a whole number, so that what is read back is the same."""
        for unit, length in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
            if value and value % length == 0:
                return f"{value // length} {unit}"
        return str(value)

    @property
    def hint(self) -> str:
        return _("For example 500 KB, 50 MB or 2 GB.")
