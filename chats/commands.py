"""What the search box can also do: go to a page by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.words import asked, plain
from tenants.models import Membership

#: Commands shown before anything is written, and found at most.
MOST = 6


@dataclass(frozen=True, slots=True)
class Command:
    """`route` is the name of a page of the organization that needs nothing else; `may` who sees it."""

    title: Promise | str
    route: str
    icon: str
    may: Callable[[Membership], bool] = lambda _member: True


COMMANDS = (
    Command(_("New chat"), "companions", "plus"),
    Command(_("Home"), "organization-home", "home"),
    Command(_("All chats"), "chats", "chat"),
    Command(_("Companions"), "companions", "people"),
    Command(_("Organization settings"), "settings", "settings"),
)


def commands_named(member: Membership, query: str) -> list[Command]:
    """Those whose name says all of it, in the reader's language; the first few where nothing is asked."""
    said = asked(query)
    may = [one for one in COMMANDS if one.may(member)]
    return [one for one in may if all(f" {word}" in f" {plain(str(one.title))}" for word in said)][:MOST]
