"""What a policy may check, as frozen values. `companions.checks.parsing` makes them of JSON.

PatternCheck      text that matches an expression of the customer's
PiiCheck          data about persons: CPF, CNPJ, e-mail, card, telephone
TopicsCheck       subjects that a judge model recognizes
DisclaimerCheck   a text that every answer must hold
ToolsCheck        the tools that may be used, no other
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Stage = Literal["input", "output", "tool"]
STAGES: tuple[Stage, ...] = ("input", "output", "tool")
#: The classes of personal data that are known.
CLASSES = ("cpf", "cnpj", "email", "card", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at in one stage. `message` is what the person reads; empty for our own words."""

    kind: ClassVar[str]
    #: Where this kind has a meaning.
    stages: ClassVar[tuple[Stage, ...]] = STAGES

    stage: Stage
    message: str = ""

    @property
    def label(self) -> str:
        """What trail and explanation call it: a name, never the text it looks for."""
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternCheck(Check):
    """`pattern` is in RE2's syntax and finds small and capital letters alike."""

    kind: ClassVar[str] = "pattern"

    pattern: str
    name: str

    @property
    def label(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PiiCheck(Check):
    """Numbers count only with right check digits and lengths."""

    kind: ClassVar[str] = "pii"

    classes: tuple[str, ...]

    @property
    def label(self) -> str:
        return ", ".join(self.classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsCheck(Check):
    kind: ClassVar[str] = "topics"
    stages: ClassVar[tuple[Stage, ...]] = ("input", "output")

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclaimerCheck(Check):
    kind: ClassVar[str] = "disclaimer"
    stages: ClassVar[tuple[Stage, ...]] = ("output",)

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsCheck(Check):
    """An empty list allows no tool at all."""

    kind: ClassVar[str] = "tools"
    stages: ClassVar[tuple[Stage, ...]] = ("tool",)

    allowed: tuple[str, ...]
