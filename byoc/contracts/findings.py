"""What a look at an endpoint found: sentences that say what to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from byoc.contracts.endpoint import Health

#: `refuse`: it cannot serve so. `warn`: it serves, and somebody should change this. `fact`: good to know.
Level: TypeAlias = Literal["refuse", "warn", "fact"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `code` is for programs and never changes; `field` is what to change, where
    it is one of the type's own.

    `sentence` is English, in the catalogue, with places for what is `told`; or it has been translated.
    """

    level: Level
    code: str
    sentence: str
    told: Mapping[str, Any] = field(default_factory=dict, hash=False)
    field: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", MappingProxyType(dict(self.told)))

    def __str__(self) -> str:
        return self.sentence % self.told if self.told else self.sentence


def health_of(findings: Iterable[Finding], seconds: float) -> Health:
    """Well unless something is refused; of several refusals the first is told, else what is warned of.

    What a finding tells as `expires_at` is when it ends; of several, the first to.
    """
    found = list(findings)
    ends = min((one.told["expires_at"] for one in found if "expires_at" in one.told), default=None)
    told = sorted((one for one in found if one.level != "fact"), key=lambda one: one.level)
    if not told:
        return Health(True, seconds, expires_at=ends)
    worst = told[0]
    return Health(worst.level != "refuse", seconds, worst.code, str(worst), ends)
