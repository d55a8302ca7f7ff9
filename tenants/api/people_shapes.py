"""Members, roles and invitations, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from rest_framework import serializers

from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import NameRef, Shape
from tenants.models import Invitation, Membership, Role
from tenants.permissions import BUILT_IN_ROLES, permissions
from tenants.services.roles import Effect
from tenants.services.structuring import version_at

MEMBER_COLUMNS = (
    "id", "user_id", "user__name", "user__email", "role", "extra_permissions", "withheld_permissions",
    "state", "team_id", "position_id", "last_seen_at", "updated_at",
)  # fmt: skip
INVITATION_COLUMNS = (
    "id", "email", "role", "team_id", "position_id", "language", "state", "expires_at", "sent_at",
    "answered_at", "created_at", "updated_at",
)  # fmt: skip


class MemberShape(Shape, frozen=True):
    """A person in the organization: where they stand, and what they may do beside or less than their role.

    `last_seen_at` is told to the hour, of pages and not of keys.
    """

    id: uuid.UUID
    person: NameRef
    email: str
    role: str
    extra_permissions: list[str]
    withheld_permissions: list[str]
    state: str
    team_id: uuid.UUID | None
    position_id: uuid.UUID | None
    last_seen_at: datetime | None
    version: int


class RoleShape(Shape, frozen=True):
    """A role. Those that are not built in are the organization's own, and have an id by which they change."""

    slug: str
    name: str
    built_in: bool
    permissions: list[str]
    id: uuid.UUID | None = None
    version: int | None = None


class Roles(Shape, frozen=True):
    """All of them."""

    results: list[RoleShape]


class TouchedShape(Shape, frozen=True):
    """Somebody whom a change of a role gives or takes something; `member_id` is theirs."""

    member_id: uuid.UUID
    name: str
    gains: list[str]
    loses: list[str]


class RoleEffect(Shape, frozen=True):
    """What a change of permissions would do. `members` is how many have the role, `touched` those of them
    for whom something changes.
    """

    added: list[str]
    taken: list[str]
    members: int
    touched: list[TouchedShape]


class RoleInput(Input):
    """A role of the organization's own. Nobody gives what they have not."""

    name = Text(max_length=80)
    permissions = serializers.ListField(child=Text(max_length=80), max_length=200, required=False)


class RoleWanted(Input):
    """What a role would permit."""

    permissions = serializers.ListField(child=Text(max_length=80), max_length=200)


class RoleHeir(Input):
    """The short name of the role that they get who have this one."""

    move_to = Text(max_length=40)


class InvitationShape(Shape, frozen=True):
    """Somebody who was asked to come in. One that is pending is good until `expires_at`; its link is in the
    letter only. `sent_at` is null while the letter is on its way.
    """

    id: uuid.UUID
    email: str
    role: str
    team_id: uuid.UUID | None
    position_id: uuid.UUID | None
    language: str
    state: str
    expires_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class Invited(Shape, frozen=True):
    """The invitations just made, in the order of the addresses."""

    results: list[InvitationShape]


class MemberInput(Input):
    """What changes of a member; what is not sent stays as it is. Nobody gives what they have not."""

    team_id = IdOf(required=False, allow_null=True)
    position_id = IdOf(required=False, allow_null=True)
    role = Text(max_length=40, required=False)
    extra_permissions = serializers.ListField(child=Text(max_length=80), max_length=100, required=False)
    withheld_permissions = serializers.ListField(child=Text(max_length=80), max_length=100, required=False)
    state = serializers.ChoiceField(choices=["active", "suspended"], required=False)


class InviteInput(Input):
    """Whom to invite and what they will be. Without a language, letters are in the organization's."""

    emails = serializers.ListField(child=Text(max_length=300), max_length=200)
    role = Text(max_length=40, default="member")
    team_id = IdOf(required=False, allow_null=True)
    position_id = IdOf(required=False, allow_null=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


def member(row: Membership) -> MemberShape:
    """Of a member who was read with the person."""
    return member_of(
        row.id, row.user_id, row.user.name, row.user.email, row.role, row.extra_permissions,
        row.withheld_permissions, row.state, row.team_id, row.position_id, row.last_seen_at, row.updated_at,
    )  # fmt: skip


def member_of(
    id_: uuid.UUID,
    user_id: uuid.UUID,
    name: str,
    email: str,
    role: str,
    extra: list[str],
    withheld: list[str],
    state: str,
    team_id: uuid.UUID | None,
    position_id: uuid.UUID | None,
    seen: datetime | None,
    updated_at: datetime,
) -> MemberShape:
    """Of the columns in MEMBER_COLUMNS."""
    person = NameRef(user_id, name or email)
    version = version_at(updated_at)
    return MemberShape(id_, person, email, role, extra, withheld, state, team_id, position_id, seen, version)


def invitation(row: Invitation) -> InvitationShape:
    values = [getattr(row, name) for name in INVITATION_COLUMNS]
    return InvitationShape(*[*values, version_at(row.updated_at)])


def built_in_roles() -> list[RoleShape]:
    return [
        RoleShape(slug, str(name), True, [one for one, kept in permissions.items() if slug in kept.roles])
        for slug, name in BUILT_IN_ROLES.items()
    ]


def own_role(row: Role) -> RoleShape:
    """Of the organization's own; what no permission is called any more is left out."""
    known = [name for name in row.permissions if name in permissions]
    return RoleShape(row.slug, row.name, False, known, row.id, version_at(row.updated_at))


def effect(found: Effect) -> RoleEffect:
    touched = [
        TouchedShape(one.who.id, one.who.user.get_full_name(), list(one.gains), list(one.loses))
        for one in found.touched
    ]
    return RoleEffect(list(found.added), list(found.taken), found.holders, touched)
