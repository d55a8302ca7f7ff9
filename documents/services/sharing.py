"""Giving a folder or a document to members and teams of the same organization, and taking it back.

Only an owner gives. Chats are never given along: they stay their owner's, whatever folder they are in.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.access import shares_with
from documents.models import Folder, Share, ShareMark
from documents.permissions import SHARE
from documents.store import Card
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership, Team
from tenants.permissions import require
from tenants.transactions import tenant_atomic

#: Members and teams that one folder or document may be given to.
MOST_SHARES = 200


@dataclass(frozen=True, slots=True)
class Party:
    """Whom something is given to: a member, or a team with all teams below."""

    member: Membership | None = None
    team: Team | None = None

    @property
    def id(self) -> uuid.UUID:
        found: uuid.UUID = (self.member or self.team).id  # type: ignore[union-attr]
        return found

    def columns(self) -> dict[str, uuid.UUID | None]:
        return {
            "member_id": self.member.id if self.member else None,
            "team_id": self.team.id if self.team else None,
            "whose_id": self.id,
        }


def share(*, member: Membership, aim: Folder | Card, party: Party, right: str) -> Share:
    """Give it, or give another right. NotFound for anybody who is not of this organization."""
    require(member, SHARE.name)
    _must_own(member, aim)
    _must_be_of_here(member, party)
    right = _right(right)
    try:
        with tenant_atomic():
            kept = Share.objects.filter(aim_id=aim.id, whose_id=party.id).first()
            if kept is not None:
                return _change(kept, right)
            _refuse_more(aim)
            row = Share(**_aim(aim), **party.columns(), right=right, given_by=member.user_id)
            row.save(force_insert=True)
            _tell("documents.share.given", row, right=right)
    except IntegrityError:  # two at once gave it to the same
        raise Conflict(
            _("This has just been shared with them. Reload and look."), code="shared_already"
        ) from None
    return row


def change_share(*, member: Membership, row: Share, right: str, version: int | None = None) -> Share:
    """Another right for who has it. StaleVersion unless it is as the owner saw it."""
    require(member, SHARE.name)
    with tenant_atomic():
        return _change(row, _right(right), version)


def withdraw_share(*, member: Membership, row: Share) -> None:
    """They find it no longer, from the next request on."""
    require(member, SHARE.name)
    with tenant_atomic():
        if Share.objects.filter(id=row.id).delete()[0]:
            _tell("documents.share.withdrawn", row)


def leave(*, member: Membership, aim: Folder | Card) -> None:
    """Be without what one was given: by name it is given back, of a team's only one's own part is.

    Conflict for what is one's own, and for what came with a folder above it.
    """
    if aim.owner_id == member.user_id:
        raise Conflict(_("It is your own. You can delete it instead."), code="own")
    with tenant_atomic():
        rows = list(shares_with(member).filter(aim_id=aim.id))
        if not rows:
            raise Conflict(
                _("You have it with the folder around it. Leave that one."), code="with_its_folder"
            )
        for row in rows:
            if row.member_id == member.id:
                Share.objects.filter(id=row.id).delete()
            else:
                _mark(member, row, left=True)
            _tell("documents.share.left", row)


def note_seen(*, member: Membership, aim_id: uuid.UUID) -> None:
    """The member has opened it: their home page tells of it no more."""
    rows = shares_with(member).filter(aim_id=aim_id).exclude(marks__member_id=member.id)
    if found := list(rows):
        with tenant_atomic():
            for row in found:
                _mark(member, row)


def forget_shares(aim_id: uuid.UUID) -> None:
    """Of a document that is deleted for good, in the caller's transaction; a folder's go with it."""
    Share.objects.filter(aim_id=aim_id).delete()


def _must_own(member: Membership, aim: Folder | Card) -> None:
    if aim.owner_id != member.user_id:
        raise NotAllowed(_("Only its owner can share it."), code="not_the_owner")


def _must_be_of_here(member: Membership, party: Party) -> None:
    """Whoever was loaded elsewhere is missing here: the database knows no people, so this must."""
    here, whose = current_tenant().organization_id, party.member or party.team
    if whose is None or whose.organization_id != here or member.organization_id != here:
        raise NotFound(_("There is nothing here."))
    if party.member is not None and party.member.user_id == member.user_id:
        raise Invalid(_("It is yours already."), field="member_id", code="own")


def _right(right: str) -> str:
    if right not in Share.Right.values:
        message = _("Send one of: %(values)s.") % {"values": ", ".join(Share.Right.values)}
        raise Invalid(message, field="right", code="bad_right")
    return right


def _refuse_more(aim: Folder | Card) -> None:
    if Share.objects.filter(aim_id=aim.id).count() >= MOST_SHARES:
        message = _("It can be shared with at most %(limit)d people and teams. Share it with a team instead.")
        raise Conflict(message % {"limit": MOST_SHARES}, code="too_many_shares")


def _aim(aim: Folder | Card) -> dict[str, uuid.UUID | Folder | None]:
    if isinstance(aim, Folder):
        return {"folder": aim, "document_id": None, "aim_id": aim.id}
    return {"folder": None, "document_id": aim.id, "aim_id": aim.id}


def _change(row: Share, right: str, version: int | None = None) -> Share:
    """Whoever left is given it again."""
    rows = Share.objects.filter(id=row.id)
    rows = rows if version is None else rows.filter(version=version)
    if not rows.update(right=right, version=F("version") + 1, updated_at=timezone.now()):
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    ShareMark.objects.filter(share_id=row.id, left=True).delete()
    _tell("documents.share.changed", row, right=right)
    row.refresh_from_db()
    return row


def _mark(member: Membership, row: Share, *, left: bool = False) -> None:
    if not ShareMark.objects.filter(share=row, member_id=member.id).update(left=left):
        ShareMark(share=row, member_id=member.id, left=left).save(force_insert=True)


def _tell(action: str, row: Share, **more: object) -> None:
    kind = "folder" if row.folder_id else "document"
    payload = {"share": row.id, "member": row.member_id, "team": row.team_id, **more}
    record_trail(action=action, resource_type=kind, resource_id=row.aim_id, payload=payload)
