"""All that is enforced for one answer: the checks of every policy in force for the companion."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from companions.checks.errors import BadCheck
from companions.checks.folding import Folded
from companions.checks.kinds import Check, DisclaimerCheck, Stage, TopicsCheck
from companions.checks.parsing import parse_checks
from companions.checks.seekers import seekers_of
from companions.checks.tools import allowed_tools


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of one policy at one version. `check` is None where the policy cannot be read."""

    policy_id: uuid.UUID
    version: int
    policy: str
    blocks: bool
    check: Check | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule acted. `what` is a class of data, a topic, or why nothing can be said; never a person's text.

    `what` is "unjudged" where the judge model gave no answer, "unreadable" where the check is none.
    """

    rule: Rule
    stage: Stage
    what: str = ""

    @property
    def blocks(self) -> bool:
        return self.rule.blocks

    def stamp(self) -> dict[str, Any]:
        """Ready for JSON: what is kept on the answer and in the trail."""
        check = self.rule.check
        return {
            "policy": str(self.rule.policy_id),
            "version": self.rule.version,
            "name": self.rule.policy,
            "kind": check.kind if check else "",
            "check": check.label if check else "",
            "message": check.message if check else "",
            "stage": self.stage,
            "mode": "block" if self.blocks else "monitor",
            "what": self.what,
        }


@dataclass(frozen=True, slots=True)
class Guard:
    """`findings` looks at a whole text; `companions.checks.sieve` at one that is still arriving."""

    rules: tuple[Rule, ...] = ()

    def at(self, stage: Stage) -> tuple[Rule, ...]:
        """What is enforced there. A policy that cannot be read counts for questions: none is answered."""
        return tuple(one for one in self.rules if (one.check.stage if one.check else "input") == stage)

    def findings(self, stage: Stage, text: str) -> list[Finding]:
        """Expressions and personal data, each once; topics are for `companions.checks.judging`."""
        rules = self.at(stage)
        folded = Folded(text).text if rules else ""
        return [one for rule in rules for one in _found(rule, stage, folded)]

    def lets(self, stage: Stage, text: str) -> bool:
        """Whether nothing found in it stops it."""
        return not any(one.blocks for one in self.findings(stage, text))

    def topics(self, stage: Stage) -> list[tuple[Rule, TopicsCheck]]:
        return [(one, one.check) for one in self.at(stage) if isinstance(one.check, TopicsCheck)]

    @property
    def has_topics(self) -> bool:
        """Whether a model has to judge."""
        return any(isinstance(one.check, TopicsCheck) for one in self.rules)

    def disclaimers(self) -> list[tuple[Rule, DisclaimerCheck]]:
        return [(one, one.check) for one in self.at("output") if isinstance(one.check, DisclaimerCheck)]

    def allowed_tools(self) -> frozenset[str] | None:
        """None where all are; a list in monitor mode takes none away."""
        return allowed_tools(one.check for one in self.rules if one.check and one.blocks)


def guard_of(policies: Iterable[Any]) -> Guard:
    """Of what a companion inherits: objects with id, version, name, mode and the JSON of checks."""
    return Guard(tuple(rule for one in policies if one.checks for rule in _rules(one)))


def _rules(policy: Any) -> Iterator[Rule]:
    try:
        checks: Iterable[Check | None] = parse_checks(policy.checks)
    except BadCheck:
        checks = (None,)
    for check in checks:
        yield Rule(policy.id, policy.version, policy.name, policy.mode != "monitor", check)


def _found(rule: Rule, stage: Stage, folded: str) -> Iterator[Finding]:
    if rule.check is None:
        yield Finding(rule, stage, "unreadable")
        return
    for seeker in seekers_of(rule.check):
        sight = seeker.seek(folded, 0, True)
        if sight.at is not None:
            yield Finding(rule, stage, sight.what)


def holds(text: str, disclaimer: str) -> bool:
    """Whether the answer says it already, whatever its lines, spaces and capital letters."""
    return _plain(disclaimer) in _plain(text)


def _plain(text: str) -> str:
    return " ".join(Folded(text).text.casefold().split())
