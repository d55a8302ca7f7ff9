"""Who is gone leaves folders and documents behind; somebody has them, and private stays private."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from chats.models import Attachment, Chat, Message
from chats.queries import chats_in
from documents.access import access_document, access_folder
from documents.models import Document, Folder, Share
from documents.services.folders import create_folder
from documents.services.handing import hand_over, left_behind
from documents.services.sharing import Party, share
from documents.shown import documents_named
from documents.store import Card, Draft, store_of
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from tenants.context import current_tenant, use_tenant
from tenants.models import Membership
from tenants.services.members import remove_member
from tests.api.conftest import Program, program_of, refused
from tests.documents.conftest import Desk, desk, kind  # noqa: F401
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page

pytestmark = pytest.mark.django_db


@dataclass
class Estate:
    """Bruno's: a folder that the twin may read, with a plan inside; a loose note; a letter in a chat."""

    world: World
    folder: Folder
    plan: Card
    note: Card
    letter: Card
    chat: Chat


def written(owner: Membership, name: str, folder: Folder | None = None) -> Card:
    draft = Draft(
        owner_id=owner.user_id, author_id=owner.user_id, name=name, text=f"{name} of the harbour",
        folder_id=folder.id if folder else None,
    )  # fmt: skip
    return store_of(current_tenant()).add(draft)


@pytest.fixture
def estate(left: World) -> Estate:
    bruno = left.member
    with use_tenant(left.context):
        Share.objects.all().delete()
        folder = create_folder(member=bruno, name="Projects")
        share(member=bruno, aim=folder, party=Party(member=left.twin), right="read")
        plan, note = written(bruno, "Plan", folder), written(bruno, "Note")
        share(member=bruno, aim=note, party=Party(member=left.twin), right="write")
        share(member=bruno, aim=note, party=Party(member=left.owner), right="read")
        letter = written(bruno, "Letter")
        chat = Chat(
            owner_id=bruno.user_id,
            companion_id=left.companion.id,
            folder=folder,
            title="Private",
            last_message_at=timezone.now(),
        )
        chat.save(force_insert=True)
        question = Message(chat=chat, role=Message.Role.PERSON, text="Read this", author_id=bruno.user_id)
        question.save(force_insert=True)
        Attachment(message=question, document_id=letter.id, name="Letter").save(force_insert=True)
    return Estate(left, folder, plan, note, letter, chat)


def test_what_is_handed_over_and_what_stays_private(estate: Estate) -> None:
    left, bruno = estate.world, estate.world.member
    with use_tenant(left.context):
        with pytest.raises(Conflict):
            hand_over(member=left.owner, person_id=bruno.user_id, heir=left.owner)
        assert left_behind(member=left.owner) == [], "while they are here it is theirs"
        remove_member(member=left.owner, who=bruno)
        (found,) = left_behind(member=left.owner)
        assert (found.person, found.folders, found.documents) == (bruno.user, 1, 2)
        with pytest.raises(NotFound):
            access_folder(member=left.owner, folder_id=estate.folder.id)
        done = hand_over(member=left.owner, person_id=bruno.user_id, heir=left.owner)
        assert (done.folders, done.documents, done.stayed) == (1, 2, 1)
        assert access_folder(member=left.owner, folder_id=estate.folder.id).owner_id == left.owner.user_id
        for one in (estate.plan, estate.note):
            assert access_document(member=left.owner, document_id=one.id, right="write")
            assert access_document(member=left.twin, document_id=one.id), "whom it was shared with keeps it"
        Share.objects.filter(folder_id=estate.folder.id).delete()
        assert "Note" in [one.card.name for one in documents_named(left.twin, "note")], "by itself"
        with pytest.raises(NotFound):
            access_document(member=left.owner, document_id=estate.letter.id)
        assert chats_in(member=left.owner, folder_id=estate.folder.id, most=9) == []
        assert Chat.objects.get(id=estate.chat.id).owner_id == bruno.user_id
        assert not Share.objects.filter(member_id=left.owner.id).exists(), "it is their own now"
        told = AuditEntry.objects.filter(action="documents.handed_over").latest("sequence")
        said = json.loads(told.payload)
        assert (said["folders"], said["documents"]) == (1, 2)
        with pytest.raises(NotFound):
            hand_over(member=left.owner, person_id=bruno.user_id, heir=left.owner)
        assert left_behind(member=left.owner) == [], "what stays is told to nobody"


def test_who_may_hand_over_and_to_whom(estate: Estate, right: World) -> None:
    left = estate.world
    with use_tenant(left.context):
        remove_member(member=left.owner, who=left.member)
        for role, code in (("member", NotAllowed), ("manager", NotAllowed), ("admin", None)):
            Membership.objects.filter(id=left.twin.id).update(role=role)
            twin = Membership.objects.select_related("user").get(id=left.twin.id)
            if code is None:
                assert left_behind(member=twin)
                continue
            with pytest.raises(code):
                left_behind(member=twin)
            with pytest.raises(code):
                hand_over(member=twin, person_id=left.member.user_id, heir=twin)
        Membership.objects.filter(id=left.owner.id).update(role="billing")
        billing = Membership.objects.select_related("user").get(id=left.owner.id)
        with pytest.raises(Invalid):
            hand_over(member=twin, person_id=left.member.user_id, heir=billing)
        with pytest.raises(NotFound):
            hand_over(member=twin, person_id=uuid.uuid4(), heir=twin)
    with use_tenant(right.context), pytest.raises(NotFound):
        hand_over(member=right.owner, person_id=left.member.user_id, heir=right.owner)


def test_by_its_page_and_by_a_program(estate: Estate, right: World) -> None:
    left, client = estate.world, signed_in(estate.world.owner)
    client.post(f"/o/left/settings/members/{left.member.id}/remove/")
    address = "/o/left/settings/left-behind/"
    page = client.get(address)
    assert "Bruno 1 folder · 2 documents" in Page(page).words
    assert client.post(address, {"person_id": left.member.user_id, "member_id": "x"}).status_code == 422
    body = {"person_id": str(left.member.user_id), "member_id": str(left.twin.id)}
    narrow = program_of(left.owner, scopes=["organization.members"])
    refused(narrow.post("left-behind/", body), 403, "missing_scope")
    refused(Program(right.key).post("left-behind/", body), 404, "not_found")
    program = program_of(left.owner)
    (listed,) = program.get("left-behind/").json()["results"]
    assert (listed["person"]["name"], listed["folders"], listed["documents"]) == ("Bruno", 1, 2)
    made = program.post("left-behind/", body, idempotency_key="one")
    assert made.json() == {"folders": 1, "documents": 2, "stayed": 1}
    assert program.post("left-behind/", body, idempotency_key="one").json() == made.json(), "once"
    refused(program.post("left-behind/", body), 404, "not_found", "person_id")
    with use_tenant(left.context):
        assert Document.objects.get(id=estate.plan.id).owner_id == left.twin.user_id
    assert "Nobody left anything behind." in Page(client.get(address)).words


def test_a_store_hands_over_all_but_what_stays(desk: Desk) -> None:  # noqa: F811
    kept, given, thrown = desk.add("Kept"), desk.add("Given"), desk.add("Thrown")
    heir = uuid.uuid4()
    with desk.at_work() as store:
        store.trash(thrown.id, by=desk.owner)
        before = store.owners()[desk.owner]
        rest = before - 3
        assert store.hand_over(desk.owner, heir, besides=[kept.id]) == rest + 2
        assert store.owners() == {desk.owner: 1, heir: rest + 2}
        assert store.card(given.id).owner_id == heir
        assert store.card(given.id).changed_at == given.changed_at
        assert [one.id for one in store.list_trash(owner_id=heir).cards] == [thrown.id]
