"""A share that names somebody of another organization: refused by the service and by the database.

The database binds a share to its folder and both to one organization, and asks whose member or team it
names. A database of the organization's own has nobody to ask: there such a row is kept, and gives that
stranger nothing (docs/sharing.md).
"""

from __future__ import annotations

import uuid

import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from documents.access import access_document, access_folder, given_to
from documents.models import Document, Folder, Share
from documents.services.sharing import Party, share
from documents.sharing import access_party, people_like
from humana.kernel.errors import NotFound
from tenants.context import use_tenant
from tenants.models import Membership, Team
from tests.fixtures.organizations import World
from tests.isolation.test_api import by_key
from tests.isolation.test_pages import signed_in
from tests.isolation.worlds import every_isolation

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql_only("what the database itself says to a row"),
]


def forge(world: World, *, folder: uuid.UUID, stranger: Membership | Team, organization: uuid.UUID) -> None:
    """INSERT by the application's role, in this organization, past every rule of ours."""
    member, team = (stranger.id, None) if isinstance(stranger, Membership) else (None, stranger.id)
    alias = world.placement.alias
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO documents_share (id, created_at, updated_at, organization_id, folder_id, aim_id,"
            ' member_id, team_id, whose_id, "right", given_by, version)'
            " VALUES (%s, now(), now(), %s, %s, %s, %s, %s, %s, 'write', %s, 1)",
            [uuid.uuid4(), organization, folder, folder, member, team, stranger.id, world.twin.user_id],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def said(world: World, **row: object) -> str:
    try:
        forge(world, **row)  # type: ignore[arg-type]
    except DatabaseError as error:
        return str(error)
    return "kept"


@every_isolation
def test_the_service_gives_nothing_to_somebody_of_another_organization(left: World, right: World) -> None:
    stranger = right.owner
    with use_tenant(left.context):
        before = Share.objects.count()
        with pytest.raises(NotFound):
            access_party(member=left.twin, member_id=stranger.id, team_id=None)
        for aim in (left.folder, left.row(Document)):
            with pytest.raises(NotFound):
                share(member=left.twin, aim=aim, party=Party(member=stranger), right="read")  # type: ignore[arg-type]
        assert stranger.user not in [one.user for one in people_like(left.twin, "ana")]
        assert Share.objects.count() == before


@every_isolation
def test_a_forged_row_is_refused_or_worth_nothing(left: World, right: World) -> None:
    """What the database says to each forgery, and what it would be worth where it must be kept."""
    stranger, ours, theirs = right.owner, left.organization.id, right.organization.id
    alone = left.placement.alias != DEFAULT_DB_ALIAS
    with use_tenant(left.context):
        assert "row-level security" in said(
            left, folder=left.folder.id, stranger=stranger, organization=theirs
        )
        assert "_org_fk" in said(left, folder=right.folder.id, stranger=left.owner, organization=ours)
        answer = said(left, folder=left.folder.id, stranger=stranger, organization=ours)
        assert (answer == "kept") if alone else ("row-level security" in answer)
        assert said(left, folder=left.folder.id, stranger=left.owner, organization=ours) == "kept", (
            "no stranger"
        )
        their_team, our_team = right.row(Team), left.row(Team)
        answer = said(left, folder=left.folder.id, stranger=their_team, organization=ours)
        assert (answer == "kept") if alone else ("row-level security" in answer)
        assert said(left, folder=left.folder.id, stranger=our_team, organization=ours) == "kept"
    Membership.objects.filter(id=stranger.id).update(team=their_team)
    stranger.team = their_team
    for world in (left, right):
        with use_tenant(world.context):
            with pytest.raises(NotFound):
                access_folder(member=stranger, folder_id=left.folder.id)
            with pytest.raises(NotFound):
                access_document(member=stranger, document_id=left.row(Document).id)
    with use_tenant(right.context):
        assert left.folder.id not in given_to(stranger).folders
        assert not Folder.objects.filter(id=left.folder.id).exists()
    client = signed_in(stranger.user)
    assert client.get(f"/o/{left.slug}/folders/{left.folder.id}/").status_code == 403
    assert client.get(f"/o/{right.slug}/folders/{left.folder.id}/").status_code == 404
    assert str(left.folder.id) not in client.get(f"/o/{right.slug}/shared/").content.decode()
    told = signed_in(left.twin.user).get(f"/o/{left.slug}/folders/{left.folder.id}/share/").content.decode()
    assert stranger.user.email not in told, "the sheet names nobody who is not here"
    answer = client.get(f"/api/v1/folders/{left.folder.id}/", headers=by_key(right))
    assert answer.status_code == 404
