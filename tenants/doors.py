"""How a request names its organization, the same for pages, API and the async door.

page       /o/{slug}/…                       with a session
API        Authorization: Bearer hk_…        the key's own organization
API        Humana-Organization: {slug}       with a session
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from humana.kernel.actor import Actor
from humana.kernel.errors import NotAllowed, Unauthenticated
from tenants.context import TenantContext
from tenants.models import ApiKey, Membership, User
from tenants.permissions import require
from tenants.queries import membership_at
from tenants.seen import note_seen
from tenants.services.keys import member_of_key
from tenants.telemetry import stamp
from tenants.two_step import judge_second_step

PAGE = re.compile(r"^/o/(?P<slug>[^/]+)/")
HEADER = "Humana-Organization"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member at work: who, where, by which key if any."""

    member: Membership
    context: TenantContext
    actor: Actor
    key: ApiKey | None = None


def slug_in(path: str) -> str | None:
    """The organization named by a page's address."""
    found = PAGE.match(path)
    return found["slug"] if found else None


def bearer(authorization: str) -> str | None:
    """The key of an Authorization header; None where there is none of ours."""
    scheme, _sep, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def by_session(*, user: User, slug: str, seen_as: Actor) -> Visitor:
    """Raises NotAllowed, the same for an unknown organization and for somebody else's; SecondStepNeeded where
    the organization asks for what the person has not.
    """
    try:
        member = membership_at(user=user, slug=slug)
    except NotAllowed:
        raise NotAllowed(_("You are not a member of this organization."), code="not_a_member") from None
    judge_second_step(user, member.organization_id)
    note_seen(member)
    return _visitor(member, seen_as, kind="user")


def by_key(*, token: str, seen_as: Actor) -> Visitor:
    """Raises Unauthenticated for anything but a working key of a working member."""
    key = member_of_key(token)
    if key is None:
        raise Unauthenticated(_("This API key is not valid."), code="invalid_api_key")
    return _visitor(key.membership, seen_as, kind="key", key=key)


def require_of(visitor: Visitor, permission: str) -> None:
    """The member may, and so may the key they came with. Inside the organization; raises NotAllowed."""
    require(visitor.member, permission)
    if not _opens(visitor.key, permission):
        raise NotAllowed(_("This API key was not made for this."), code="missing_scope")


def _opens(key: ApiKey | None, permission: str) -> bool:
    """A key without scopes may all that its member may."""
    return key is None or not key.scopes or permission in key.scopes


def _visitor(member: Membership, seen_as: Actor, *, kind: str, key: ApiKey | None = None) -> Visitor:
    label = str(member.user) if key is None else f"{member.user} ({key.prefix}…)"
    actor = Actor(
        kind=kind,
        label=label,
        user_id=member.user_id,
        membership_id=member.id,
        address=seen_as.address,
        agent=seen_as.agent,
        request_id=seen_as.request_id,
    )
    context = member.organization.context
    stamp(context)
    return Visitor(member, context, actor, key)
