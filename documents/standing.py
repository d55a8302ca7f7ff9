"""By which model an organization's passages are compared, here and now."""

from __future__ import annotations

from dataclasses import dataclass

from documents.models import Meaning
from tenants.places import gather

_WORST_FIRST = (Meaning.State.WAITING, Meaning.State.RENEWING)


def standing() -> Meaning:
    """The row of the placement; one that is not kept yet where no passage has a vector."""
    return Meaning.objects.first() or Meaning()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the passages of one or more placements are; `state` is the worst of theirs."""

    state: str
    serving: str
    wanted: str
    done: int
    total: int
    problem: str = ""


def progress() -> Progress:
    """Of all the organization's placements together; one that does not answer is left out."""
    rows = gather(lambda: list(Meaning.objects.all())).found
    states = {one.state for one in rows}
    worst = next((one for one in _WORST_FIRST if one in states), Meaning.State.STEADY)
    told = next((one for one in rows if one.state == worst), Meaning())
    total = sum(one.total for one in rows)
    steady = sum(one.total for one in rows if one.state == Meaning.State.STEADY)
    done = steady + sum(one.done for one in rows if one.state != Meaning.State.STEADY)
    return Progress(worst, name_in(told.serving), name_in(told.wanted), done, total, told.problem)


def name_in(key: str) -> str:
    """The model's name in a key."""
    return key.rpartition("/")[0]
