"""Who may read and write what: a whole organization made at random, compared with what a person would say."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from documents.access import (
    access_document,
    access_folder,
    folders_above,
    readable_among,
    readable_documents,
    readable_sources,
)
from documents.models import Chunk, Document, Folder, Share, ShareMark
from documents.store import stored_elsewhere
from humana.kernel.errors import NotAllowed, NotFound
from tenants.context import use_tenant
from tenants.models import Membership, Team, User
from tests.documents.conftest import Desk
from tests.fixtures.organizations import PASSWORD, World, join

pytestmark = pytest.mark.django_db
RANK = {None: 0, "read": 1, "write": 2, "owner": 3}


@dataclass
class Office:
    """People in teams, folders in folders, documents in some of them, and who was given what."""

    desk: Desk
    dice: random.Random
    people: list[Membership] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    documents: list[Any] = field(default_factory=list)

    def fill(self) -> None:
        world = self.desk.world
        Share.objects.all().delete()
        for n in range(4):
            above = self.dice.choice([None, *self.teams])
            self.teams.append(
                Team.objects.create(organization=world.organization, name=f"Team {n}", parent=above)
            )
        for n in range(5):
            user = User.objects.create_user(f"p{n}@{uuid.uuid4().hex[:8]}.example", PASSWORD, name=f"P{n}")
            member = join(world.organization, user, "member")
            member.team = self.dice.choice([None, *self.teams])
            member.save()
            self.people.append(member)
        for n in range(8):
            owner = self.dice.choice(self.people[:3])
            mine = [one for one in self.folders if one.owner_id == owner.user_id]
            above_folder = self.dice.choice([None, *mine])
            self.folders.append(
                Folder.objects.create(owner_id=owner.user_id, name=f"F{n}", parent=above_folder)
            )
        for n in range(8):
            owner = self.dice.choice(self.people[:3])
            mine = [one for one in self.folders if one.owner_id == owner.user_id]
            place = self.dice.choice([None, *mine])
            card = self.desk.add(f"D{n}", owner_id=owner.user_id, folder_id=place.id if place else None)
            Chunk.objects.create(
                source_kind="document", source_id=card.id, source_version=1, ordinal=0, text="x", words=" x "
            )
            self.documents.append(card)
        for aim in self.dice.sample([*self.folders, *self.documents], 9):
            self._give(aim)
        gone = self.dice.choice(self.folders)
        Folder.objects.filter(id=gone.id).update(removed_at=gone.created_at)

    def _give(self, aim: Any) -> None:
        is_folder, to = isinstance(aim, Folder), self.dice.choice([*self.people, *self.teams])
        is_team = isinstance(to, Team)
        row = Share.objects.create(
            folder=aim if is_folder else None, document_id=None if is_folder else aim.id, aim_id=aim.id,
            member_id=None if is_team else to.id, team_id=to.id if is_team else None, whose_id=to.id,
            right=self.dice.choice(["read", "write"]), given_by=aim.owner_id,
        )  # fmt: skip
        if is_team and self.dice.random() < 0.4:
            ShareMark.objects.create(share=row, member_id=self.dice.choice(self.people).id, left=True)

    def right(self, member: Membership, aim: Any) -> str | None:
        """As a person would say it, walking up by hand."""
        if isinstance(aim, Folder):
            if Folder.everything.get(id=aim.id).removed_at:
                return None
            line = self._up(aim)
        else:
            place = Folder.everything.filter(id=aim.folder_id).first()
            if place and place.removed_at:
                return None
            line = [aim.id, *(self._up(place) if place else [])]
        if aim.owner_id == member.user_id:
            return "owner"
        rights = [row.right for row in Share.objects.filter(aim_id__in=line) if self._names(row, member)]
        return max(rights, key=RANK.__getitem__, default=None)

    def _up(self, folder: Folder | None) -> list[uuid.UUID]:
        found = []
        while folder is not None:
            if not folder.removed_at:
                found.append(folder.id)
            folder = Folder.everything.filter(id=folder.parent_id).first()
        return found

    def _names(self, row: Share, member: Membership) -> bool:
        if ShareMark.objects.filter(share=row, member_id=member.id, left=True).exists():
            return False
        team, around = member.team, []
        while team is not None:
            around.append(team.id)
            team = team.parent
        return row.member_id == member.id or row.team_id in around


def said(access: Any, member: Membership, name: str, aim_id: uuid.UUID) -> str | None:
    """What the guards let the member do."""
    found = None
    for right in ("read", "write"):
        try:
            access(member=member, **{name: aim_id}, right=right)
        except NotAllowed:
            return found
        except NotFound:
            return None
        found = right
    return found


def as_guard(right: str | None) -> str | None:
    return "write" if right == "owner" else right


@pytest.mark.parametrize("seed", [1, 2])
def test_everybody_finds_what_they_own_or_were_given_and_nothing_else(
    seed: int, desk: Desk, right: World
) -> None:
    with use_tenant(desk.world.context):
        office = Office(desk, random.Random(seed))
        office.fill()
        for member in office.people:
            rights = {one.id: office.right(member, one) for one in [*office.folders, *office.documents]}
            for one in office.folders:
                assert said(access_folder, member, "folder_id", one.id) == as_guard(rights[one.id])
            for one in office.documents:
                assert said(access_document, member, "document_id", one.id) == as_guard(rights[one.id])
            for named in (office.folders, [one for one in office.folders if one.owner_id == member.user_id]):
                wanted = {one.id for one in named if rights[one.id]}
                assert readable_among(member, [one.id for one in named]) == wanted
            readable = {one.id for one in office.documents if rights[one.id]}
            passages = Chunk.objects.filter(
                readable_sources(member, documents=[one.id for one in office.documents])
            )
            assert set(passages.values_list("source_id", flat=True)) == readable
            if not stored_elsewhere(desk.world.organization.id):
                assert set(readable_documents(member).values_list("id", flat=True)) >= readable
            for one in office.folders:
                if rights[one.id] is None:
                    continue
                above = {up.id for up in folders_above(member, one)}
                assert above == {up for up in office._up(one) if rights.get(up)}
                inside = Chunk.objects.filter(readable_sources(member, folder=one))
                wanted = {card.id for card in office.documents if card.folder_id in above}
                assert set(inside.values_list("source_id", flat=True)) == wanted
        stranger = right.owner
        for one in office.folders:
            assert said(access_folder, stranger, "folder_id", one.id) is None
        for one in office.documents:
            assert said(access_document, stranger, "document_id", one.id) is None
        with pytest.raises(NotFound):
            readable_sources(stranger, documents=[one.id for one in office.documents])


def test_who_may_not_see_documents_is_told_no_passage_of_any(left: World) -> None:
    with use_tenant(left.context):
        document = left.row(Document)
        Chunk.objects.create(
            source_kind="document", source_id=document.id, source_version=1, ordinal=0, text="x", words=" x "
        )
        assert Chunk.objects.filter(readable_sources(left.twin, documents=[document.id])).exists()
        left.twin.withheld_permissions = ["documents.read"]
        assert not Chunk.objects.filter(readable_sources(left.twin, documents=[document.id])).exists()
