"""How much of what a plan allows is taken: people and documents, as the page of budgets shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from audit.budget_words import percent
from humana.kernel import measures
from humana.kernel.ports import stored_bytes
from tenants.plan_room import room
from tenants.services.seats import seats_taken

#: From this percentage on a bar says that it is nearly full.
NEAR = 80


@dataclass(frozen=True, slots=True)
class Bar:
    """`told` says how much of how much, in words; `limit` None is without end."""

    title: str
    told: str
    used: int
    limit: int | None

    @property
    def percent(self) -> int:
        return 0 if self.limit is None else min(100, percent(self.used, self.limit))

    @property
    def state(self) -> str:
        """ "full", "near", or empty."""
        if self.percent >= 100:
            return "full"
        return "near" if self.percent >= NEAR else ""


def plan_bars() -> list[Bar]:
    """Of the organization we are in, as it is now."""
    allowed, taken, stored = room(), seats_taken(), stored_bytes()
    people = {"members": number_format(taken.members), "invited": number_format(taken.invited)}
    seated = _("Members: %(members)s · open invitations: %(invited)s") % people
    return [
        Bar(_("People"), f"{seated} · {_at_most(allowed.seats)}", taken.all, allowed.seats),
        Bar(_("Documents"), _kept(stored, allowed.stored), stored, allowed.stored),
    ]


def _at_most(seats: int | None) -> str:
    if seats is None:
        return _("without a limit")
    return _("%(seats)s seats in all") % {"seats": number_format(seats, force_grouping=True)}


def _kept(stored: int, limit: int | None) -> str:
    if limit is None:
        return f"{measures.size(stored)} · {_at_most(None)}"
    told = {"used": measures.size(stored), "limit": measures.size(limit)}
    return _("%(used)s of %(limit)s, with what is in the trash") % told
