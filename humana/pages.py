"""What every page knows: who, where, and what the sidebar lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from audit.permissions import READ as READ_TRAIL
from byoc import gateway
from byoc.board import troubled
from byoc.databases import reads_only
from byoc.permissions import READ as READ_ENDPOINTS
from chats.models import Chat
from chats.permissions import WRITE
from chats.queries import recent_chats
from chats.shown import put_forward
from companions.permissions import EDIT as EDIT_COMPANIONS
from companions.permissions import FIGURES
from companions.permissions import POLICIES as EDIT_POLICIES
from companions.queries import companions_for, silent_companions
from documents.queries import folders_of
from documents.words import asked, named
from humana.kernel.errors import Unavailable
from humana.settings_menu import Group as Section
from humana.settings_menu import Item, menu
from tenants.context import peek_tenant
from tenants.doors import Visitor
from tenants.models import Membership, User
from tenants.permissions import MANAGE, allowed
from tenants.places import at_main, gather
from tenants.queries import memberships_of

#: How many chats the sidebar lists, and how many companions its "New chat" offers.
LISTED, OFFERED = 40, 20
#: And how many of the member's own folders.
FOLDERS = 8
#: And how many pages of settings a search names.
SETTINGS = 6


@dataclass(frozen=True, slots=True)
class Group:
    """Chats of one stretch of time, under its name."""

    title: str
    chats: Sequence[Chat]


def page_context(request: HttpRequest) -> dict[str, Any]:
    """`visitor`, `organization`, `theme`, `reads_only`; if a template asks, `sidebar`, `settings_menu`, and
    `settings_found`, which are those pages of it that a search names.
    """
    visitor: Visitor | None = getattr(request, "visitor", None)
    here = peek_tenant()
    kept = getattr(getattr(request, "user", None), "theme", "") or request.COOKIES.get("theme", "")
    return {
        "visitor": visitor,
        "organization": visitor.member.organization if visitor else None,
        "theme": kept if kept in User.Theme.values else User.Theme.SYSTEM.value,
        "signup_open": settings.HUMANA_SIGNUP,
        "reads_only": here is not None and reads_only(here.placement.alias),
        "sidebar": SimpleLazyObject(lambda: _sidebar(visitor)) if visitor else None,
        "settings_menu": SimpleLazyObject(lambda: _menu(visitor, request.path)) if visitor else None,
        "settings_found": SimpleLazyObject(lambda: _menu_named(visitor, request)) if visitor else None,
    }


def _menu(visitor: Visitor, path: str) -> Sequence[Section]:
    return menu(visitor.member, visitor.member.organization.slug, path)


def _menu_named(visitor: Visitor, request: HttpRequest) -> list[Item]:
    said = asked(request.GET.get("q", ""))
    items = [one for group in _menu(visitor, request.path) for one in group.items]
    return [one for one in items if said and named(str(one.title), said)][:SETTINGS]


def _sidebar(visitor: Visitor) -> dict[str, Any]:
    member = visitor.member
    return _chats_and_companions(member) | {
        "may_manage": allowed(member, MANAGE.name),
        "may_write": allowed(member, WRITE.name),
        "organizations": [one.organization for one in memberships_of(member.user)],
        "may_read_trail": allowed(member, READ_TRAIL.name),
        "may_see_endpoints": allowed(member, READ_ENDPOINTS.name),
        "may_edit_policies": allowed(member, EDIT_POLICIES.name),
        "may_edit_companions": allowed(member, EDIT_COMPANIONS.name),
        "may_see_figures": allowed(member, FIGURES.name),
        "troubled": troubled(member.organization_id),
    }


def _chats_and_companions(member: Membership) -> dict[str, Any]:
    """Nothing where the organization's database does not answer: the pages that mend it need none of it."""
    try:
        chats = recent_chats(member, stop=LISTED)
        folders = gather(lambda: list(folders_of(member).filter(parent=None)[:FOLDERS]))
        with at_main():
            companions = list(companions_for(member=member))
    except (OperationalError, Unavailable):
        return {"groups": [], "silent": [], "companions": [], "folders": []}
    return {
        "groups": grouped(chats.found),
        "silent": silent_companions(chats.silent),
        "folders": folders.found[:FOLDERS],
        "companions": put_forward(companions, gateway.shown())[:OFFERED],
    }


def grouped(chats: Sequence[Chat]) -> list[Group]:
    """Pinned first, then by day as people speak of days."""
    today = timezone.localdate()
    edges = [
        (_("Today"), today),
        (_("Yesterday"), today - timedelta(days=1)),
        (_("Last 7 days"), today - timedelta(days=7)),
    ]
    groups: dict[str, list[Chat]] = {}
    for chat in sorted(chats, key=lambda one: not one.pinned):
        day = timezone.localdate(chat.last_message_at)
        name = next((title for title, since in edges if day >= since), _("Earlier"))
        groups.setdefault(_("Pinned") if chat.pinned else name, []).append(chat)
    return [Group(title, found) for title, found in groups.items()]
