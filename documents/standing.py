"""By which model an organization's passages are compared, here and now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from documents.meaning import model_key, model_now
from documents.models import Meaning
from documents.services.metered import Asker, metered_question
from tenants.places import gather

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORST_FIRST = (Meaning.State.WAITING, Meaning.State.RENEWING)


@dataclass(frozen=True, slots=True)
class Compared:
    """A question as a vector, and the key of those that it may be compared with.

    `stale` says that the organization's model is not the one that passages were read by any more.
    """

    vector: NDArray[np.float32]
    model: str
    stale: bool = False


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


def question_as_vector(question: str, asker: Asker | None = None) -> Compared | None:
    """By the model that serves; where it answers no more, by the one that is on its way, as far as it is.

    None where no passage has a vector, no model answers, or a budget of `asker` has no room for one that
    costs something: nobody is asked without need.
    """
    here, asker = standing(), asker or Asker()
    if not here.serving:
        return None
    changed = model_now() != name_in(here.wanted)
    if changed or here.serving != here.wanted:
        served = _asked(question, asker, name_in(here.serving))
        if served is not None and served.model == here.serving:
            return replace(served, stale=changed)
    current = _asked(question, asker)
    return None if current is None else replace(current, stale=current.model != here.wanted)


def name_in(key: str) -> str:
    """The model's name in a key."""
    return key.rpartition("/")[0]


def _asked(question: str, asker: Asker, model: str = "") -> Compared | None:
    told = metered_question(question, model, asker)
    return Compared(told.vectors[0], model_key(told.model, told.dims)) if told is not None else None
