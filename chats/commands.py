"""What the search box can also do: go to a page by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.words import asked, named
from tenants.models import Membership
from tenants.permissions import allowed

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
    Command(_("Network"), "network", "people"),
    Command(_("Documents"), "documents", "file", lambda member: allowed(member, "documents.read")),
    Command(_("Folders"), "folders", "folder", lambda member: allowed(member, "documents.read")),
    Command(_("Shared with me"), "shared", "folder", lambda member: allowed(member, "documents.read")),
    Command(
        _("Intelligence"), "intelligence", "figures", lambda member: allowed(member, "companions.figures")
    ),
    Command(_("Organization settings"), "settings", "settings"),
)


def commands_named(member: Membership, query: str) -> list[Command]:
    """Those whose name says all of it, in the reader's language; the first few where nothing is asked."""
    said = asked(query)
    return [one for one in COMMANDS if named(str(one.title), said) and one.may(member)][:MOST]
