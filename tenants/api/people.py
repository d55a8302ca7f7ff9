"""Members and invitations for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from humana.api.filters import Choice, Filter, Id, Name
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.api import people_shapes as shapes
from tenants.invitation_pages import origin_of
from tenants.models import Invitation, Membership
from tenants.permissions import MEMBERS
from tenants.queries import access_invitation, access_member, invitations_of, members
from tenants.services.invitations import invite, send_again, withdraw
from tenants.services.members import (
    bring_back,
    place_member,
    rank_member,
    remove_member,
    suspend_member,
)
from tenants.services.second_step import reset_second_step
from tenants.services.structuring import version_at, version_of
from tenants.transactions import control_atomic

PLACE = ("team_id", "position_id")
RANK = ("role", "extra_permissions", "withheld_permissions")


class MemberListView(ListView):
    """Everybody in the organization, and where they stand."""

    permission = MEMBERS.name
    listed = ("listMembers", "Members, the longest first")
    shape = shapes.MemberShape
    columns = shapes.MEMBER_COLUMNS
    order = ("id",)
    filters: ClassVar[Mapping[str, Filter]] = {
        "role": Name("In this role"),
        "state": Choice("In this state", ("active", "invited", "suspended")),
        "team_id": Id("Of this team"),
        "position_id": Id("In this position"),
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[Membership]:
        return members().filter(**self.asked)

    def shown(self, rows: list[Any]) -> list[shapes.MemberShape]:
        return [shapes.member_of(*row) for row in rows]


class MemberView(ApiView):
    """One member."""

    permission = MEMBERS.name

    @operation("readMember", "One member", gives=shapes.MemberShape)
    def get(self, request: Request, member_id: uuid.UUID) -> HttpResponse:
        return self._answer(access_member(member=self.member, member_id=member_id))

    @operation(
        "editMember",
        "Change a member's team, position, role or permissions, suspend them, or bring them back",
        takes=shapes.MemberInput,
        gives=shapes.MemberShape,
    )
    def patch(self, request: Request, member_id: uuid.UUID) -> HttpResponse:
        who = access_member(member=self.member, member_id=member_id)
        wanted: Any = self.body(shapes.MemberInput, partial=True)
        self._change(who, wanted, expected(request, version_of(who)))
        return self._answer(access_member(member=self.member, member_id=member_id))

    @operation("removeMember", "Remove a member with their keys; what they wrote stays", status=204)
    def delete(self, request: Request, member_id: uuid.UUID) -> HttpResponse:
        who = access_member(member=self.member, member_id=member_id)
        self.no_body()
        version = expected(request, version_of(who))
        remove_member(member=self.member, who=who, version=version, key=self.visitor.key)
        return self.nothing()

    def _change(self, who: Membership, wanted: dict[str, Any], version: int | None) -> None:
        """All of it or nothing; the first change looks at the version."""
        place: Any = {name: wanted[name] for name in PLACE if name in wanted}
        rank: Any = {name: wanted[name] for name in RANK if name in wanted}
        with control_atomic():
            if place:
                version = _next(place_member(member=self.member, who=who, version=version, **place), version)
            by: Any = {"member": self.member, "who": who, "key": self.visitor.key}
            if rank:
                version = _next(rank_member(**by, version=version, **rank), version)
            if "state" in wanted:
                act = suspend_member if wanted["state"] == "suspended" else bring_back
                act(**by, version=version)

    def _answer(self, who: Membership) -> HttpResponse:
        return self.answer(shapes.member(who), version=version_of(who))


class MemberSecondStepView(ApiView):
    """A member's second step of signing in."""

    permission = MEMBERS.name

    @operation(
        "resetSecondStep",
        "Let a member in with the password alone who has lost their second step",
        status=204,
    )
    def delete(self, request: Request, member_id: uuid.UUID) -> HttpResponse:
        who = access_member(member=self.member, member_id=member_id)
        self.no_body()
        reset_second_step(member=self.member, who=who, key=self.visitor.key)
        return self.nothing()


def _next(row: Membership, version: int | None) -> int | None:
    """What the next change of the same request compares."""
    return None if version is None else version_of(row)


class InvitationListView(ListView):
    """The organization's invitations, the latest first."""

    permission = MEMBERS.name
    listed = ("listInvitations", "Invitations, the latest first")
    shape = shapes.InvitationShape
    columns = shapes.INVITATION_COLUMNS
    filters: ClassVar[Mapping[str, Filter]] = {
        "state": Choice("In this state", ("pending", "accepted", "withdrawn")),
        "role": Name("For this role"),
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[Invitation]:
        return invitations_of().filter(**self.asked)

    def shown(self, rows: list[Any]) -> list[shapes.InvitationShape]:
        return [shapes.InvitationShape(*(*row, version_at(row[-1]))) for row in rows]

    @operation(
        "invite",
        "Invite people by e-mail: all of these addresses or none",
        takes=shapes.InviteInput,
        gives=shapes.Invited,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        told: Any = self.body(shapes.InviteInput)
        origin = origin_of(request._request)
        made = invite(member=self.member, origin=origin, key=self.visitor.key, **told)
        return self.answer(shapes.Invited([shapes.invitation(one) for one in made]), status=201)


class InvitationView(ApiView):
    """One invitation."""

    permission = MEMBERS.name

    @operation("readInvitation", "One invitation", gives=shapes.InvitationShape)
    def get(self, request: Request, invitation_id: uuid.UUID) -> HttpResponse:
        row = access_invitation(member=self.member, invitation_id=invitation_id)
        return self.answer(shapes.invitation(row), version=version_at(row.updated_at))

    @operation("withdrawInvitation", "Withdraw it: its link opens nothing from now on", status=204)
    def delete(self, request: Request, invitation_id: uuid.UUID) -> HttpResponse:
        row = access_invitation(member=self.member, invitation_id=invitation_id)
        self.no_body()
        expected(request, version_at(row.updated_at))
        withdraw(member=self.member, invitation=row)
        return self.nothing()


class SendInvitationView(ApiView):
    """A new letter for an invitation that waits."""

    permission = MEMBERS.name

    @operation(
        "sendInvitationAgain",
        "Send it again with a new link; the former one opens nothing",
        gives=shapes.InvitationShape,
    )
    def post(self, request: Request, invitation_id: uuid.UUID) -> HttpResponse:
        row = access_invitation(member=self.member, invitation_id=invitation_id)
        self.no_body()
        origin = origin_of(request._request)
        row = send_again(member=self.member, invitation=row, origin=origin, key=self.visitor.key)
        return self.answer(shapes.invitation(row), version=version_at(row.updated_at))
