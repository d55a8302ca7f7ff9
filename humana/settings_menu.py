"""The pages of settings in groups: what the menu beside each of them, and the overview, list.

A page is listed for whoever may open it, and only where it exists: an app brings its page by the name of
its address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from tenants.models import Membership
from tenants.permissions import permissions_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A page by the name of its address. `needs` are permissions, with spaces between, of which one is
    enough; empty: every member may open it.
    """

    name: str
    title: Any
    words: Any
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as it is shown. `current` is as aria-current has it: this page, or one below it."""

    title: Any
    words: Any
    address: str
    current: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: Any
    items: Sequence[Item]

    @property
    def is_current(self) -> bool:
        """Whether the page is one of these: the menu opens this group."""
        return any(one.current for one in self.items)


ENTRIES: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("You"),
        (
            Entry("profile", _("Profile"), _("Name, e-mail, password, language, theme, time zone.")),
            Entry(
                "personal-settings",
                _("My preferences"),
                _("How companions answer you, as far as you may say."),
            ),
            Entry("two-step", _("Two-step sign-in"), _("A code from an app beside the password.")),
            Entry(
                "sessions", _("Signed-in devices"), _("Where you are signed in, and signing out elsewhere.")
            ),
            Entry(
                "keys",
                _("My API keys"),
                _("For programs that ask companions in your name."),
                "organization.own_keys",
            ),
            Entry("own-usage", _("My usage"), _("What your own questions used this month.")),
            Entry(
                "my-organizations", _("My organizations"), _("Where you work, where you arrive, and leaving.")
            ),
        ),
    ),
    (
        _("Organization"),
        (
            Entry(
                "organization-settings",
                _("General"),
                _("Name, language, time zone, currency, regulations."),
                "organization.manage",
            ),
            Entry(
                "configuration",
                _("Configuration"),
                _("Every key, who set it, and why it holds."),
                "config.view",
            ),
            Entry(
                "organization-keys",
                _("All API keys"),
                _("Everybody's keys, and revoking them."),
                "organization.keys",
            ),
        ),
    ),
    (
        _("People"),
        (
            Entry(
                "members",
                _("Members"),
                _("Who is here, in which role and team."),
                "organization.members organization.see_structure",
            ),
            Entry(
                "invitations",
                _("Invitations"),
                _("Ask people in; see who has not answered."),
                "organization.members",
            ),
            Entry(
                "left-behind",
                _("Left behind"),
                _("Folders and documents of people who are gone."),
                "documents.hand_over",
            ),
            Entry(
                "roles",
                _("Roles"),
                _("What each role may do, in plain words."),
                "organization.members organization.see_structure",
            ),
            Entry(
                "teams",
                _("Teams"),
                _("A tree that access, policies and configuration follow."),
                "organization.structure",
            ),
            Entry("positions", _("Positions"), _("Who stands above whom."), "organization.structure"),
        ),
    ),
    (
        _("Companions"),
        (
            Entry(
                "manage-companions",
                _("Companions"),
                _("Who they are, and who reaches them."),
                "companions.edit",
            ),
            Entry("values", _("Values"), _("What all of them stand for."), "companions.policies"),
            Entry(
                "policies",
                _("Policies"),
                _("Rules that they keep, checked in every answer."),
                "companions.policies",
            ),
            Entry(
                "brand", _("Brand"), _("Voice, words and files that they speak with."), "companions.policies"
            ),
            Entry(
                "knowledge", _("Knowledge"), _("What companions know beyond their model."), "companions.share"
            ),
            Entry(
                "capabilities",
                _("Capabilities"),
                _("What companions have learned to do."),
                "companions.capabilities",
            ),
            Entry(
                "tools",
                _("Tools"),
                _("Services that companions may use."),
                "companions.tools companions.own_tools",
            ),
            Entry(
                "structure",
                _("Whole structure"),
                _("All of it as one file, to keep and to bring."),
                "companions.policies",
            ),
        ),
    ),
    (
        _("Infrastructure"),
        (
            Entry(
                "endpoints",
                _("Endpoints"),
                _("Models, storage and monitoring of your own."),
                "endpoints.read",
            ),
            Entry(
                "infrastructure",
                _("Infrastructure"),
                _("Which model answers for each companion."),
                "endpoints.read",
            ),
            Entry("health", _("Health"), _("How your endpoints are, and what to do."), "endpoints.read"),
            Entry(
                "places",
                _("Where everything lives"),
                _("In which database each companion is stored."),
                "organization.manage",
            ),
        ),
    ),
    (
        _("Money"),
        (
            Entry("usage", _("Usage"), _("What was used, by whom, and what it cost."), "audit.usage"),
            Entry("budgets", _("Budgets"), _("How much may be used, by whom."), "audit.see_budgets"),
        ),
    ),
    (
        _("Trust"),
        (
            Entry("trail", _("Trail"), _("Who did what, when and from where."), "audit.read"),
            Entry(
                "trust",
                _("Isolation and rules"),
                _("Where content is kept, for how long, and how it is sealed."),
                "organization.manage audit.read",
            ),
        ),
    ),
)


def menu(member: Membership, slug: str, path: str) -> list[Group]:
    """Groups with what this member may open; the entry that `path` is at or below is the current one."""
    rights = permissions_of(member)
    listed = [
        (title, [(one, _address(one, slug)) for one in entries if _open(one, rights)])
        for title, entries in ENTRIES
    ]
    here = _nearest(path, [address for _title, found in listed for _one, address in found if address])
    groups = [
        Group(title, [_item(one, at, here, path) for one, at in found if at]) for title, found in listed
    ]
    return [group for group in groups if group.items]


def _open(entry: Entry, rights: frozenset[str]) -> bool:
    return not entry.needs or bool(rights & set(entry.needs.split()))


def _address(entry: Entry, slug: str) -> str:
    """Empty where nobody brought the page."""
    try:
        return reverse(entry.name, args=[slug])
    except NoReverseMatch:
        return ""


def _nearest(path: str, addresses: Sequence[str]) -> str:
    return max((one for one in addresses if path.startswith(one)), key=len, default="")


def _item(entry: Entry, address: str, here: str, path: str) -> Item:
    current = "" if address != here else "page" if address == path else "true"
    return Item(entry.title, entry.words, address, current)
