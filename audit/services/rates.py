"""How much an organization may ask at once: questions in a minute, and answers at the same time.

The plan says the most there is; the configuration can only ask for less. Counted in Valkey, for all processes
together; without it nobody is kept out.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from audit.budgeting import known
from audit.config_keys import ANSWERS_AT_ONCE, QUESTIONS_PER_MINUTE
from byoc.limits import enter, leave, take_one
from humana.kernel.errors import TooMany
from tenants.config.resolver import resolve_many
from tenants.context import current_tenant
from tenants.models import Plan

#: A place is given back by itself after this long, in seconds: whoever had it died.
LONGEST = 3_600
#: When a program that found no place should ask again, in seconds.
SOON = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for an organization, and its plan."""

    plan: str
    questions: int
    answers: int

    @property
    def plan_name(self) -> str:
        return str(Plan(self.plan).label) if self.plan in Plan.values else self.plan


def limits() -> Limits:
    """Of the organization we are in."""
    plan = known().plan
    questions, answers = settings.HUMANA_PLAN_LIMITS[plan]
    said = resolve_many((QUESTIONS_PER_MINUTE, ANSWERS_AT_ONCE))
    return Limits(
        plan,
        min(questions, said[QUESTIONS_PER_MINUTE.name] or questions),
        min(answers, said[ANSWERS_AT_ONCE.name] or answers),
    )


def admit_question() -> None:
    """Before a question is saved. Raises TooMany, which says when to come back."""
    here = limits()
    wait = take_one(f"questions:{current_tenant().organization_id}", here.questions)
    if wait > 0:
        sentence = _(
            "Your organization asked %(number)s questions within a minute: no more fit in its plan (%(plan)s)"
            " or its configuration. Your text is not lost; send it again in a moment."
        )
        told = sentence % {"number": here.questions, "plan": here.plan_name}
        raise TooMany(told, retry_after=max(1, math.ceil(wait)), code="too_many_questions")


def begin_answer(run_id: uuid.UUID) -> bool:
    """Take a place among the answers that are made at the same time; False where all are taken."""
    return enter(_answers(), str(run_id), limits().answers, LONGEST)


@contextmanager
def place_for(run_id: uuid.UUID) -> Iterator[None]:
    """A place, given back where the block fails. Raises TooMany, for programs: people's questions wait."""
    if not begin_answer(run_id):
        raise _no_place()
    try:
        yield
    except BaseException:
        end_answer(run_id)
        raise


def end_answer(run_id: uuid.UUID) -> None:
    leave(_answers(), str(run_id))


def _no_place() -> TooMany:
    here = limits()
    sentence = _(
        "%(number)s answers are being made for your organization: its plan (%(plan)s) or its configuration"
        " allows no more at the same time. Ask again in a few seconds."
    )
    told = sentence % {"number": here.answers, "plan": here.plan_name}
    return TooMany(told, retry_after=SOON, code="too_many_answers")


def _answers() -> str:
    return f"answers:{current_tenant().organization_id}"
