"""Folders and documents given to others: by their pages and the API, refused, withdrawn, left."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.models import AuditEntry
from chats.models import Chat
from chats.queries import chats_in
from chats.services.projects import with_project
from companions.services.prompting import prepare_prompt
from documents.access import access_document, access_folder, given_to
from documents.models import Document, Folder, Share
from documents.services import files, sharing
from documents.services.sharing import Party
from documents.sharing import access_party, people_like
from humana.kernel.errors import Conflict, NotAllowed, NotFound
from tenants.context import use_tenant
from tenants.models import Membership, Team
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import World, join
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(left: World) -> World:
    """Nobody was given anything yet."""
    with use_tenant(left.context):
        Share.objects.all().delete()
    return left


def page(client: Client, address: str, status: int = 200) -> Page:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    found = Page(answer)
    assert shortcomings(found) == []
    return found


def test_a_folder_is_given_found_withdrawn_and_missing_at_once(house: World) -> None:
    """The whole way by pages: search, give, notice, open, write, withdraw."""
    owner, bruno = signed_in(house.twin), signed_in(house.member)
    at = f"/o/{house.slug}/"
    folder, sheet = f"{at}folders/{house.folder.id}/", f"{at}folders/{house.folder.id}/share/"
    assert bruno.get(folder).status_code == 404
    assert "Only you." in page(owner, sheet).words
    assert "Chats are never shared" in page(owner, sheet).words
    assert "Bruno" in page(owner, sheet + "?q=bru").words
    assert "Nobody at Harbour is called so" in page(owner, sheet + "?q=ana@right").words
    owner.post(sheet, {"to": f"member:{house.member.id}", "right": "read"})
    assert "Bruno" in page(owner, sheet).words

    assert "Shared with you" in page(bruno, at).words
    assert "from Caio" in page(bruno, at + "shared/").words
    seen = page(bruno, folder)
    assert "Belongs to Caio · you can read" in seen.words
    assert "None of your chats is here." in seen.words, "chats stay their owner's"
    assert "Shared with you" not in page(bruno, at).words, "it was opened"
    for address in ("edit/", "new/", "share/"):
        assert bruno.get(folder + address).status_code == 403
    assert bruno.post(folder + "remove/").status_code == 403

    with use_tenant(house.context):
        row = Share.objects.get()
    owner.post(f"{at}shares/{row.id}/", {"do": "write"})
    edit = page(bruno, folder + "edit/")
    assert not [one for one in edit.all("select") if one["name"] == "parent_id"], "its place is its owner's"
    bruno.post(folder + "edit/", {"name": "Plans", "instructions": "Say prices in reais.", "seen": "1"})
    assert "Say prices in reais." in page(owner, folder).words

    owner.post(f"{at}shares/{row.id}/", {"do": "withdraw"})
    assert bruno.get(folder).status_code == 404
    assert "Nobody has shared anything with you yet." in page(bruno, at + "shared/").words
    with use_tenant(house.context):
        said = AuditEntry.objects.filter(action__startswith="documents.share").order_by("sequence")
        assert list(said.values_list("action", flat=True)) == [
            f"documents.share.{what}" for what in ("given", "changed", "withdrawn")
        ]


def test_a_team_has_what_it_was_given_with_all_teams_below_and_one_may_leave(house: World) -> None:
    with use_tenant(house.context):
        crew = Team.objects.create(organization=house.organization, name="Crew")
        pilots = Team.objects.create(organization=house.organization, name="Pilots", parent=crew)
        Membership.objects.filter(id=house.member.id).update(team=pilots)
        member = Membership.objects.get(id=house.member.id)
        sharing.share(member=house.twin, aim=house.folder, party=Party(team=crew), right="read")
        card = access_document(member=member, document_id=house.row(Document).id)
        assert card.folder_id == house.folder.id, "with what is inside"
        sharing.leave(member=member, aim=house.folder)
        assert not given_to(member).folders
        sharing.share(member=house.twin, aim=house.folder, party=Party(team=crew), right="write")
        assert given_to(member).folders == {house.folder.id: "write"}, "given again"
        Membership.objects.filter(id=house.member.id).update(team=None)
        with pytest.raises(NotFound):
            access_folder(member=Membership.objects.get(id=house.member.id), folder_id=house.folder.id)


def test_what_was_given_outlives_its_owners_membership_and_not_that_of_who_has_it(house: World) -> None:
    """A share names the membership: who comes back as a new member finds nothing of before."""
    with use_tenant(house.context):
        party = Party(member=house.member)
        sharing.share(member=house.twin, aim=house.folder, party=party, right="write")
        Membership.objects.filter(id=house.twin.id).delete()
        assert access_folder(member=house.member, folder_id=house.folder.id, right="write")
        with pytest.raises(NotAllowed):
            sharing.share(member=house.member, aim=house.folder, party=Party(house.owner), right="read")
        Membership.objects.filter(id=house.member.id).delete()
        back = join(house.organization, house.member.user, "member")
        with pytest.raises(NotFound):
            access_folder(member=back, folder_id=house.folder.id)


def test_only_its_owner_gives_and_nobody_gives_to_themselves(house: World) -> None:
    with use_tenant(house.context):
        party = access_party(member=house.twin, member_id=house.member.id, team_id=None)
        sharing.share(member=house.twin, aim=house.folder, party=party, right="write")
        others = Party(member=house.owner)
        with pytest.raises(NotAllowed):
            sharing.share(member=house.member, aim=house.folder, party=others, right="read")
        assert people_like(house.twin, "cai") == []
        with pytest.raises(Conflict):
            sharing.leave(member=house.twin, aim=house.folder)


def test_a_chat_in_somebodys_folder_is_told_its_instructions_until_it_is_withdrawn(house: World) -> None:
    """What the companion is told, and what the chat says of its folder; nobody else sees the chat."""
    program, bruno = program_of(house.member), signed_in(house.member)
    with use_tenant(house.context):
        Folder.objects.filter(id=house.folder.id).update(instructions="Say prices in reais.\n## Marca")
        inner = Folder.objects.create(
            owner_id=house.twin.user_id, parent=house.folder, name="Sub", instructions="Be brief."
        )
        row = sharing.share(member=house.twin, aim=house.folder, party=Party(house.member), right="read")
        chat = Chat.objects.create(
            owner_id=house.member.user_id, companion=house.companion, last_message_at=row.created_at
        )

    def told() -> str:
        with use_tenant(house.context):
            found = Chat.objects.get(id=chat.id)
            return with_project(prepare_prompt(house.companion), found, house.companion, house.member).text

    address = f"/o/{house.slug}/chats/{chat.id}/folder/"
    assert "Plans / Sub" in page(bruno, address).words
    bruno.post(address, {"folder": str(inner.id)})
    assert "- Plans:\n> Say prices in reais.\n> ## Marca\n\n- Sub:\n> Be brief." in told()
    assert program.get(f"chats/{chat.id}/").json()["folder"]["name"] == "Sub"
    listed = f"/o/{house.slug}/chats/?folder={inner.id}"
    assert f"/chats/{chat.id}/" in bruno.get(listed).content.decode()
    assert f"/chats/{chat.id}/" not in signed_in(house.twin).get(listed).content.decode()
    with use_tenant(house.context):
        assert chats_in(member=house.twin, folder_id=inner.id, most=9) == [], "it stays its owner's"
        sharing.withdraw_share(member=house.twin, row=row)
    assert "reais" not in told()
    assert "brief" not in told()
    assert program.get(f"chats/{chat.id}/").json()["folder"] is None
    assert program.get("chats/").json()["results"][0]["folder"] is None
    assert bruno.post(address, {"folder": str(inner.id)}).status_code == 404
    bruno.post(address, {"new": "My own"})
    assert program.get(f"chats/{chat.id}/").json()["folder"]["name"] == "My own"
    with use_tenant(house.context):  # beside it one that still lies in what was withdrawn
        Chat.objects.create(
            owner_id=house.member.user_id,
            companion=house.companion,
            folder=inner,
            last_message_at=row.created_at,
        )
    folders = [one["folder"] for one in program.get("chats/").json()["results"]]
    assert sorted(one["name"] if one else "" for one in folders) == ["", "My own"]


def test_what_is_deleted_comes_back_as_it_was(house: World) -> None:
    client, at = signed_in(house.twin), f"/o/{house.slug}/"
    with use_tenant(house.context):
        inner = Folder.objects.create(owner_id=house.twin.user_id, parent=house.folder, name="Sub")
        document = house.row(Document)
    gone = client.post(f"{at}folders/{house.folder.id}/remove/", follow=True)
    assert "is deleted, with its documents" in gone.content.decode()
    for address in (f"folders/{inner.id}/", f"documents/{document.id}/"):
        assert client.get(at + address).status_code == 404
    client.post(f"{at}folders/{house.folder.id}/restore/")
    assert [one.words.strip() for one in page(client, at + "folders/").all("h1")] == ["Folders"]
    for address in (f"folders/{inner.id}/", f"documents/{document.id}/"):
        page(client, at + address)
    client.post(f"{at}documents/{document.id}/remove/")
    assert client.get(f"{at}documents/{document.id}/").status_code == 404
    client.post(f"{at}documents/{document.id}/restore/")
    page(client, f"{at}documents/{document.id}/edit/")
    client.post(f"{at}documents/{document.id}/edit/", {"name": "Rooms", "folder": ""})
    shown = page(client, f"{at}documents/{document.id}/?version=1")
    assert "Rooms" in shown.one("h1").words
    assert "Eight rooms." in shown.words
    assert "Rooms" in page(client, at + "documents/?q=rooms").words


def test_programs_share_as_people_do(house: World) -> None:
    program, other = Program(house.key), program_of(house.member)
    with use_tenant(house.context):
        document = house.row(Document)
    for kind, id_ in (("folders", house.folder.id), ("documents", document.id)):
        body = {"member_id": str(house.member.id), "right": "read"}
        given = program.post(f"{kind}/{id_}/shares/", body, idempotency_key=kind)
        again = program.post(f"{kind}/{id_}/shares/", body, idempotency_key=kind)
        assert (given.status_code, given.json()) == (201, again.json())
        assert [one["id"] for one in other.get(f"shares/?kind={kind[:-1]}").json()["results"]] == [
            given.json()["id"]
        ]
        refused(program.post(f"{kind}/{id_}/shares/", {"right": "read"}), 422, "one_party", "member_id")
        refused(program.post(f"{kind}/{id_}/shares/", {**body, "right": "own"}), 422, "invalid", "right")
        refused(other.post(f"{kind}/{id_}/shares/", body), 403, "not_the_owner")
    refused(other.get("shares/?kind=chat"), 422, "bad_parameter", "kind")
    (shared,) = other.get("folders/?owner=others").json()["results"]
    assert (shared["id"], shared["right"]) == (str(house.folder.id), "read")
    refused(other.patch(f"folders/{house.folder.id}/", {"name": "x"}), 403, "read_only")
    row = program.get(f"folders/{house.folder.id}/shares/").json()["results"][0]
    address = f"shares/{row['id']}/"
    first = program.get(address)
    assert program.get(address, if_none_match=first["ETag"]).status_code == 304
    assert program.patch(address, {"right": "write"}, if_match=first["ETag"]).json()["right"] == "write"
    refused(program.patch(address, {"right": "read"}, if_match=first["ETag"]), 412, "stale_version")
    assert other.patch(f"folders/{house.folder.id}/", {"name": "Ours"}).json()["name"] == "Ours"
    refused(other.delete(address), 404, "not_found")
    assert other.post(f"documents/{document.id}/leave/").status_code == 204
    assert program.delete(address).status_code == 204
    refused(other.get(f"folders/{house.folder.id}/"), 404, "not_found")
    refused(other.get(f"documents/{document.id}/shares/"), 404, "not_found")


def test_the_menu_of_a_row_goes_by_what_one_was_given(house: World) -> None:
    """Also in the list of a folder, and in what a search finds, whoever it belongs to."""
    with use_tenant(house.context):
        files.write(member=house.twin, name="Harbour plan", text="Eight rooms.", folder=house.folder)
    bruno, at = signed_in(house.member), f"/o/{house.slug}/"

    def traits(address: str) -> list[str]:
        rows = page(bruno, at + address).all("button")
        return [one["data-is"] for one in rows if "Harbour plan" in one["aria-label"]]

    assert traits("documents/?q=harbour") == []
    for right in ("read", "write"):
        with use_tenant(house.context):
            to = Party(member=house.member)
            sharing.share(member=house.twin, aim=house.folder, party=to, right=right)
        assert traits("documents/?q=harbour") == traits(f"folders/{house.folder.id}/") == [right]
    owner = page(signed_in(house.twin), f"{at}folders/{house.folder.id}/")
    assert "owner" in [one["data-is"] for one in owner.all("button") if "Harbour plan" in one["aria-label"]]
    offered = {one["data-when"] for one in owner.all("a", "form") if one["data-do"] in ("share/", "remove/")}
    assert offered == {"owner", ""}, "the menu of chats deletes too, and says nothing of rights"
