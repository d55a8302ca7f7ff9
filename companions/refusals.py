"""Why a message does not reach a companion, in the reader's words. The codes are those of `access`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from companions.access import Right

REASONS: dict[str, Any] = {
    "itself": _("A companion does not write to itself."),
    "paused": _("One of the two companions is paused at the moment."),
    "gone": _("One of the two companions is not there any more."),
    "restricted": _("That companion is reached only by those who are named."),
    "other_team": _("That companion is reached only from its own team."),
    "other_department": _("That companion is reached only from its own department."),
    "denied": _("Your organization does not let the one write to the other for this."),
    "above": _("Work is not handed to somebody higher in the hierarchy: ask, or share what you know."),
    "not_yours": _("Whoever stands behind this message may not do this."),
    "not_granted": _("The message that this one follows does not allow it."),
    "person_gone": _("The person it was offered to is not a member any more. Withdraw the offer."),
    "expired": _("It was not delivered in time."),
    "error": _("It could not be delivered, several times over."),
    "no_answer": _("The companion’s model did not answer, several times over."),
    "public": _("Everyone in the organization reaches it."),
    "same_department": _("Both are in the same department."),
    "same_team": _("It is reached from its own team."),
    "allowed": _("Your organization allows it for this pair."),
}
#: Why a companion or person is told what is shared, or is not: the codes of `companions.sharing`.
TOLD: dict[str, Any] = {
    "everyone": _("Everyone is told."),
    "in_department": _("It belongs to the department."),
    "not_in_department": _("It belongs to another department."),
    "in_team": _("It belongs to the team, or to one below it."),
    "not_in_team": _("It belongs to another team."),
    "named": _("It is named."),
    "not_named": _("It is not named."),
    "excluded": _("It is excluded."),
    "no_common": _("It is kept from all common knowledge."),
}
#: What one companion may do towards another, in the reader's words.
RIGHTS: dict[str, Any] = {
    Right.SHARE: _("share what it knows"),
    Right.ASK: _("ask for help"),
    Right.HAND_OFF: _("hand work over"),
}


def reason_words(code: str) -> str:
    """The sentence for a code; a failure's own name as it is."""
    return str(REASONS.get(code, code))
