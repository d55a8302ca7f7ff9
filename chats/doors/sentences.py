"""What a person reads while an answer is being made, and why one failed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from byoc.sentences import sentence_of

STATES: dict[str, Promise | str] = {
    "queued": _("Waiting for a free place…"),
    "waiting": _("The model is busy; your question is next in line…"),
    "thinking": _("Thinking…"),
    "switched": _("The usual model does not answer just now; another one does…"),
    "streaming": _("Writing…"),
    "stopped": _("You stopped this answer."),
    "interrupted": _("This answer was cut off. What arrived is kept; you can ask again."),
    "failed": _("There is no answer yet. Your message is saved; you can try again."),
}

#: Failures that are our own; those of a model's endpoint are told by `byoc.sentences`.
OURS: dict[str, Promise | str] = {
    "not_a_member": _("You are no longer a member of this organization."),
    "owner_lost": _("The answer was interrupted on our side. What arrived is kept; you can ask again."),
    "error": _("Something failed on our side. Your message is saved; try again."),
}


def sentence_for(state: str, error: str = "") -> Promise | str:
    """One sentence: what happened and what to do."""
    if error:
        return OURS.get(error) or sentence_of(error)
    return STATES.get(state, "")
