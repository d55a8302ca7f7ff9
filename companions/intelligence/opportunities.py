"""What could be better, and how one knows: rules that the page states, each finding with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from companions.intelligence.reading import Between, Known, OfCompanion, Report

#: From so much on something is more than chance.
ENOUGH_ANSWERS, ENOUGH_OPINIONS, ENOUGH_OFFERS, MANY_HANDOFFS = 20, 5, 3, 5
GOOD_SUCCESS, GOOD_SATISFACTION, GOOD_ACCEPTED = 0.95, 0.7, 0.5
SLOW = 30_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Opportunity:
    """`about` is the companion, if it is one; `evidence` says the numbers; `to` is the page to act on."""

    rule: str
    about: Known | None
    evidence: str
    to: str

    @property
    def slug(self) -> str:
        """Of the companion that it is about, if it is about one."""
        return self.about.slug if self.about else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """`says` is the rule in words; `find` gives the evidence of a companion or pair, None if it is well."""

    name: str
    says: Any
    find: Callable[[Any], str | None]
    of: str = "companions"  # or "pairs", or the "whole" report
    to: str = "companion"


def opportunities(report: Report) -> list[Opportunity]:
    """In the order of the rules; of each rule, the most active companions first."""
    return [one for rule in RULES for one in _found(rule, report)]


def _found(rule: Rule, report: Report) -> Iterator[Opportunity]:
    for about, one in _looked_at(rule, report):
        evidence = rule.find(one) if about is None or about.slug else None
        if evidence is not None:
            yield Opportunity(rule.name, about, evidence, rule.to)


def _looked_at(rule: Rule, report: Report) -> Iterable[tuple[Known | None, Any]]:
    """What the rule is about, and what it looks at."""
    if rule.of == "whole":
        return [(None, report)]
    if rule.of == "pairs":
        return [(one.giver, one) for one in report.between]
    return [(one.companion, one) for one in report.companions]


def _unreliable(one: OfCompanion) -> str | None:
    tried, success = one.now.get("answer.done") + one.now.failed, one.now.success
    if tried < ENOUGH_ANSWERS or success is None or success >= GOOD_SUCCESS:
        return None
    told = {"failed": one.now.failed, "tried": tried, "name": one.companion.name}
    return _("%(failed)d of %(tried)d answers of %(name)s did not come to their end.") % told


def _slow(one: OfCompanion) -> str | None:
    took = one.now.whole_95
    if one.now.answers < ENOUGH_ANSWERS or took is None or took <= SLOW:
        return None
    told = {"seconds": round(took / 1000), "number": one.now.answers, "name": one.companion.name}
    return _("Of %(number)d answers of %(name)s, one in twenty took over %(seconds)d seconds.") % told


def _not_content(one: OfCompanion) -> str | None:
    share = one.now.satisfaction
    if one.now.opinions < ENOUGH_OPINIONS or share is None or share >= GOOD_SATISFACTION:
        return None
    told = {"percent": round(100 * share), "number": one.now.opinions, "name": one.companion.name}
    return _("%(percent)d%% of %(number)d opinions of %(name)s are good ones.") % told


def _idle(one: OfCompanion) -> str | None:
    if not one.companion.active or one.now.answers or one.now.messages:
        return None
    before = one.before.answers
    if before:
        told = {"name": one.companion.name, "number": before}
        words = ngettext(
            "%(name)s answered nothing in this period; %(number)d time in the one before.",
            "%(name)s answered nothing in this period; %(number)d times in the one before.",
            before,
        )
        return words % told
    return _("%(name)s answered nothing in this period, nor in the one before.") % {
        "name": one.companion.name
    }


def _declined(one: OfCompanion) -> str | None:
    share = one.now.accepted
    if one.now.handoffs < ENOUGH_OFFERS or share is None or share >= GOOD_ACCEPTED:
        return None
    told = {
        "accepted": one.now.get("handoff.accepted"),
        "number": one.now.handoffs,
        "name": one.companion.name,
    }
    return _("Of %(number)d conversations that %(name)s offered, %(accepted)d were accepted.") % told


def _well_worn(one: Between) -> str | None:
    if one.handoffs < MANY_HANDOFFS:
        return None
    told = {"giver": one.giver.name, "taker": one.taker.name, "number": one.handoffs}
    return _("%(giver)s handed %(number)d conversations to %(taker)s.") % told


def _unused(report: Report) -> str | None:
    unused = report.unused
    if not unused.number:
        return None
    told = {"number": unused.number, "titles": ", ".join(f"“{one}”" for one in unused.titles)}
    words = ngettext(
        "%(number)d asset that companions know went into no answer: %(titles)s.",
        "%(number)d assets that companions know went into no answer, such as %(titles)s.",
        unused.number,
    )
    return words % told


RULES = (
    Rule(
        "unreliable",
        gettext_lazy("Of at least 20 answers, fewer than 95 in 100 came to their end: look at its model."),
        _unreliable,
    ),
    Rule(
        "slow",
        gettext_lazy("Of at least 20 answers, one in twenty took over 30 seconds: try another model."),
        _slow,
    ),
    Rule(
        "not_content",
        gettext_lazy("Of at least 5 opinions, fewer than 70 in 100 are good: read the feedback."),
        _not_content,
    ),
    Rule(
        "declined",
        gettext_lazy(
            "Of at least 3 conversations offered, fewer than half were accepted: agree on who takes what."
        ),
        _declined,
    ),
    Rule(
        "well_worn",
        gettext_lazy("At least 5 conversations went the same way: share what the next companion knows."),
        _well_worn,
        of="pairs",
        to="network",
    ),
    Rule(
        "unused",
        gettext_lazy("Knowledge from before this period that went into no answer: renew it, or remove it."),
        _unused,
        of="whole",
        to="knowledge",
    ),
    Rule(
        "idle",
        gettext_lazy("An active companion that nobody asked: make it known, or pause it."),
        _idle,
    ),
)
