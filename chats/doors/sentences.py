"""What a person reads while an answer is being made, and why one failed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from byoc.sentences import sentence_of
from chats.blocking import IN_GENERAL
from chats.blocking import sentence_of as sentence_of_finding
from chats.models import Run

STATES: dict[str, Promise | str] = {
    "queued": _("Waiting for a free place…"),
    "reading": _("Reading “%(name)s”…"),
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
    **IN_GENERAL,
    "not_a_member": _("You are no longer a member of this organization."),
    "owner_lost": _("The answer was interrupted on our side. What arrived is kept; you can ask again."),
    "tool_limit": _(
        "The companion used all the tools it may and gave no answer. Your message is saved; ask for less."
    ),
    "over_budget": _(
        "There was no room left in a budget for this answer. Your message is saved; the page of your usage"
        " says when there is room again, and whom to ask."
    ),
    "error": _("Something failed on our side. Your message is saved; try again."),
}


def sentence_for(state: str, error: str = "") -> Promise | str:
    """One sentence: what happened and what to do."""
    if error:
        return OURS.get(error) or sentence_of(error)
    return STATES.get(state, "")


def notice_of(state: str, run: Run | None) -> str:
    """The same of a run that is over, which also keeps what policies found; empty where it is done."""
    if run is None or run.error not in IN_GENERAL:
        return "" if state == Run.State.DONE else str(sentence_for(state, run.error if run else ""))
    return sentence_of_finding(run.error, run.provenance)
