"""A question as a vector, by the model that passages can be compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from documents.meaning import model_key, model_now
from documents.services.metered import Asker, metered_question
from documents.standing import name_in, standing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Compared:
    """A question as a vector, and the key of those that it may be compared with.

    `stale` says that the organization's model is not the one that passages were read by any more.
    """

    vector: NDArray[np.float32]
    model: str
    stale: bool = False


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


def _asked(question: str, asker: Asker, model: str = "") -> Compared | None:
    told = metered_question(question, model, asker)
    return Compared(told.vectors[0], model_key(told.model, told.dims)) if told is not None else None
