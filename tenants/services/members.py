"""Members: where they stand, what they may do, and whether they are in. It holds at their next request."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict, Unpack

from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict
from tenants.context import current_tenant
from tenants.models import ApiKey, Membership, Position, Team, User
from tenants.permissions import MEMBERS
from tenants.ranks import OWNER, judge_giving, judge_touch, known_permissions, known_role
from tenants.services.seats import take_seats
from tenants.services.structuring import announce, apply, hold, judge, ours
from tenants.transactions import control_atomic

State = Membership.State


class Place(TypedDict, total=False):
    """What is not given stays as it is; None is no team, or no position."""

    team_id: uuid.UUID | None
    position_id: uuid.UUID | None


class Rank(TypedDict, total=False):
    """What somebody may do: the role, what is given beside it, and what is withheld."""

    role: str
    extra_permissions: Sequence[str]
    withheld_permissions: Sequence[str]


def place_member(
    *, member: Membership | None = None, who: Membership, version: int | None = None, **place: Unpack[Place]
) -> Membership:
    """Give somebody a team and a position of the organization. StaleVersion as everywhere."""
    judge(member, MEMBERS)
    with control_atomic():
        ours(Team, place.get("team_id"), "team_id")  # before the member: in the order of a removal
        ours(Position, place.get("position_id"), "position_id")
        row = hold(Membership, who.id, version)
        changed = apply(row, place)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
            announce("membership.placed", row, team=row.team_id, position=row.position_id, changed=changed)
    return row


def rank_member(
    *,
    member: Membership | None = None,
    who: Membership,
    version: int | None = None,
    key: ApiKey | None = None,
    **rank: Unpack[Rank],
) -> Membership:
    """Change what somebody may do.

    NotAllowed for oneself, for who may more than `member`, and for giving what `member` has not; Conflict for
    the last owner.
    """
    judge(member, MEMBERS)
    wanted: dict[str, Any] = dict(rank)
    for name in ("extra_permissions", "withheld_permissions"):
        if name in wanted:
            wanted[name] = known_permissions(wanted[name], name)
    with _changing(member, who, version, key) as row:
        if "role" in wanted:
            known_role(current_tenant().organization_id, wanted["role"])
        before = row.role
        changed = apply(row, wanted)
        if not changed:
            return row
        judge_giving(member, row.role, row.extra_permissions, row.withheld_permissions, key=key)
        if before == OWNER != row.role:
            _an_owner_stays(row)
        row.save(update_fields=[*changed, "updated_at"])
        announce(
            "membership.ranked", row, was=before, role=row.role, extra=row.extra_permissions,
            withheld=row.withheld_permissions, changed=changed,
        )  # fmt: skip
    return row


def suspend_member(
    *,
    member: Membership | None = None,
    who: Membership,
    version: int | None = None,
    key: ApiKey | None = None,
) -> Membership:
    """Out until brought back: sessions and keys of theirs open nothing here from now on."""
    return _set_state(member, who, version, key, State.SUSPENDED, "membership.suspended")


def bring_back(
    *,
    member: Membership | None = None,
    who: Membership,
    version: int | None = None,
    key: ApiKey | None = None,
) -> Membership:
    """In again, as they were."""
    return _set_state(member, who, version, key, State.ACTIVE, "membership.brought_back")


def remove_member(
    *,
    member: Membership | None = None,
    who: Membership,
    version: int | None = None,
    key: ApiKey | None = None,
) -> None:
    """They are no member any more, and their keys are gone. What they wrote stays; an invitation brings
    them back to it.
    """
    judge(member, MEMBERS)
    with _changing(member, who, version, key) as row:
        _go(row, "membership.removed")


def leave(*, member: Membership) -> None:
    """By oneself. Conflict for the last owner."""
    with control_atomic():
        hold_owners()
        _go(hold(Membership, member.id), "membership.left")


@contextmanager
def _changing(
    member: Membership | None, who: Membership, version: int | None, key: ApiKey | None
) -> Iterator[Membership]:
    """Their row, held, if `member` may touch it; the owners are held before, so that the last two do not
    send each other away at the same time.
    """
    with control_atomic():
        hold_owners()
        row = hold(Membership, who.id, version)
        judge_touch(member, row, key=key)
        yield row


def _set_state(
    member: Membership | None,
    who: Membership,
    version: int | None,
    key: ApiKey | None,
    state: Membership.State,
    action: str,
) -> Membership:
    judge(member, MEMBERS)
    with _changing(member, who, version, key) as row:
        if row.state == state:
            return row
        if state == State.ACTIVE:
            take_seats()
        row.state = state
        if state != State.ACTIVE and row.role == OWNER:
            _an_owner_stays(row)
        row.save(update_fields=["state", "updated_at"])
        announce(action, row)
    return row


def _go(row: Membership, action: str) -> None:
    if row.role == OWNER:
        _an_owner_stays(row)
    announce(action, row, person=row.user_id, role=row.role)
    User.objects.filter(id=row.user_id, primary_organization_id=row.organization_id).update(
        primary_organization=None
    )
    row.delete()


def hold_owners() -> list[Membership]:
    """Held in one order by everybody who changes what somebody may do: one comes after another."""
    rows = Membership.objects.select_for_update().filter(
        organization_id=current_tenant().organization_id, role=OWNER
    )
    return list(rows.order_by("id"))


def _an_owner_stays(going: Membership) -> None:
    staying = [one for one in hold_owners() if one.id != going.id and one.state == State.ACTIVE]
    if not any(one.user.is_active for one in staying):
        message = _("This is the last owner. Make somebody else an owner first.")
        raise Conflict(message, code="last_owner")
