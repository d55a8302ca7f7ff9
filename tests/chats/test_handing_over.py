"""A conversation goes on with another companion and another person; nothing of it is lost."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from chats.attached import attached_to
from chats.models import Attachment, Chat, Citation, Message
from chats.queries import thread
from chats.services.conversations import remove_chat, start_chat
from chats.services.handing_over import accept_handoff, hand_over
from chats.sources import sources_of
from companions.correspondence import trouble_with, waiting_for
from companions.models import Companion, CompanionMessage, Handoff, Interaction
from companions.services.companions import create_companion, remove_companion
from companions.services.delivering import deliver
from companions.services.handoffs import decline_handoff, withdraw_handoff
from companions.services.rules import set_rule
from documents.models import Chunk, Document
from documents.store import Draft, store_of
from humana.kernel.errors import Conflict, HumanaError, NotAllowed, NotFound
from tenants.context import current_tenant, use_tenant
from tenants.models import Membership
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


class Desk:
    """Ana's conversation with Clara about a budget, with a document; Bruno works with Davi."""

    def __init__(self, world: World) -> None:
        self.ana, self.bruno, self.world = world.owner, world.member, world
        self.clara = Companion.objects.get(id=world.companion.id)
        self.davi = create_companion(name="Davi", purpose="Plans", base_prompt="You are Davi.", language="en")
        self.chat = start_chat(member=self.ana, companion=self.clara, title="Budget")
        question = Message.objects.create(
            chat=self.chat, role="person", text="How much is left?", author_id=self.ana.user_id
        )
        answer = Message.objects.create(
            chat=self.chat, parent=question, role="companion", text="Eight rooms."
        )
        Chat.objects.filter(id=self.chat.id).update(leaf_id=answer.id)
        self.chat.leaf_id = answer.id
        self.document = store_of(current_tenant()).add(
            Draft(owner_id=self.ana.user_id, author_id=self.ana.user_id, name="Figures", text="8 of 12")
        )

    def offer(self, **given: object) -> Handoff:
        usual = {
            "chat": self.chat,
            "to_companion": self.davi,
            "to_member": self.bruno,
            "note": "Please go on",
        }
        return hand_over(member=self.ana, **{**usual, **given})  # type: ignore[arg-type]


@pytest.fixture
def desk(left: World) -> Iterator[Desk]:
    with use_tenant(left.context):
        Handoff.objects.all().delete()
        yield Desk(left)


def test_the_next_companion_goes_on_with_all_that_was_said(desk: Desk) -> None:
    handoff = desk.offer(document_ids=[desk.document.id])
    told = CompanionMessage.objects.get(id=handoff.message_id)
    assert (told.kind, told.sender_id) == ("workflow_handoff", desk.clara.id)
    assert told.payload.endswith("Please go on")
    assert [one.id for one in waiting_for(desk.bruno).to_me] == [handoff.id]
    assert waiting_for(desk.ana).mine == [(handoff, "")]
    deliver(desk.davi.id)

    accepted = accept_handoff(member=desk.bruno, handoff_id=handoff.id)
    handed = Interaction.objects.get(kind="handoff")
    assert (handed.subject_id, handed.session_id, handed.member_id) == (
        handoff.id,
        handoff.chat_id,
        desk.bruno.id,
    )
    chat = Chat.objects.select_related("folder").get(id=accepted.new_chat_id)
    assert (chat.owner_id, chat.companion_id, chat.title) == (desk.bruno.user_id, desk.davi.id, "Budget")
    said = thread(chat)
    assert [(one.role, one.text) for one in said] == [
        ("person", "How much is left?"),
        ("companion", "Eight rooms."),
    ]
    assert said[0].author_id == desk.ana.user_id
    assert said[1].parts == [{"said_by": "Clara", "handoff": str(handoff.id)}]
    copy = Document.objects.get(folder=chat.folder)
    assert (copy.owner_id, copy.name) == (desk.bruno.user_id, "Figures")
    assert store_of(current_tenant()).read(copy.id).text == "8 of 12"
    assert [one.text for one in thread(desk.chat)] == ["How much is left?", "Eight rooms."], "Ana keeps hers"
    deliver(desk.clara.id)
    back = CompanionMessage.objects.get(parent=told)
    assert (back.sender_id, back.deliveries.get().state) == (desk.davi.id, "delivered")
    assert waiting_for(desk.bruno).to_me == []
    assert waiting_for(desk.ana).mine[0][0].state == "accepted"
    with pytest.raises(Conflict) as again:
        accept_handoff(member=desk.bruno, handoff_id=handoff.id)
    assert again.value.code == "answered_already"
    actions = AuditEntry.objects.filter(resource_type="handoff").order_by("sequence")
    assert [one.action for one in actions] == ["companions.handoff.offered", "companions.handoff.accepted"]


def test_documents_and_what_answers_cite_go_along(desk: Desk) -> None:
    """The taker reads the copy that was given, and of what was not given only that there was something."""
    question, answer = thread(desk.chat)
    kept = store_of(current_tenant()).add(
        Draft(owner_id=desk.ana.user_id, author_id=desk.ana.user_id, name="Kept", text="Secret")
    )
    for number, card in enumerate((desk.document, kept), 1):
        Attachment.objects.create(message=question, document_id=card.id, name=card.name)
        Citation.objects.create(
            message=answer,
            number=number,
            source_kind="document",
            source_id=card.id,
            version=1,
            ordinal=0,
            title=card.name,
            quote="8 of 12",
        )
    handoff = desk.offer(document_ids=[desk.document.id])
    deliver(desk.davi.id)
    taken = accept_handoff(member=desk.bruno, handoff_id=handoff.id)
    asked, answered = thread(Chat.objects.get(id=taken.new_chat_id))
    chips = attached_to(desk.bruno, [asked.id])[asked.id]
    assert [(one.name, one.there) for one in chips] == [("Figures", True), ("", False)]
    sources = sources_of(desk.bruno, [answered.id])[answered.id]
    assert [(one.title, one.quote, one.there) for one in sources] == [
        ("Figures", "8 of 12", True),
        ("", "", False),
    ]
    assert Chunk.objects.filter(source_id=chips[0].id).exists(), "the next companion finds it"


def test_it_is_declined_or_withdrawn_by_those_it_concerns_and_nobody_else(desk: Desk) -> None:
    first = desk.offer()
    with pytest.raises(Conflict) as twice:
        desk.offer()
    assert twice.value.code == "offered_already"
    twin = desk.world.twin
    for act in (accept_handoff, decline_handoff, withdraw_handoff):
        with pytest.raises(NotFound):
            act(member=twin, handoff_id=first.id)
    with pytest.raises(NotFound):
        withdraw_handoff(member=desk.bruno, handoff_id=first.id)
    assert decline_handoff(member=desk.bruno, handoff_id=first.id).state == "declined"
    assert not Chat.objects.filter(owner_id=desk.bruno.user_id, title="Budget").exists()
    second = desk.offer()
    assert withdraw_handoff(member=desk.ana, handoff_id=second.id).state == "withdrawn"
    with pytest.raises(Conflict):
        accept_handoff(member=desk.bruno, handoff_id=second.id)


def test_what_cannot_be_handed_over_is_refused_and_nothing_is_half_done(desk: Desk, right: World) -> None:
    theirs = store_of(current_tenant()).add(
        Draft(owner_id=desk.bruno.user_id, author_id=desk.bruno.user_id, name="His", text="private")
    )
    wrong: list[tuple[dict[str, object], type[HumanaError]]] = [
        ({"document_ids": [theirs.id]}, NotFound),
        ({"document_ids": [uuid.uuid4()]}, NotFound),
        ({"to_member": right.member}, HumanaError),
        ({"note": "x" * 2001}, HumanaError),
    ]
    for given, error in wrong:
        with pytest.raises(error):
            desk.offer(**given)
    rule = set_rule(source_id=desk.clara.id, target_id=desk.davi.id, allow=False, rights=["hand_off"])
    with pytest.raises(NotAllowed) as denied:
        desk.offer()
    assert denied.value.code == "denied"
    rule.delete()
    remove_companion(companion=desk.davi)
    with pytest.raises(HumanaError):
        desk.offer()
    assert not Handoff.objects.exists()
    assert not CompanionMessage.objects.filter(kind="workflow_handoff").exists()


def test_it_survives_that_its_target_is_gone_and_says_so(desk: Desk) -> None:
    handoff = desk.offer()
    Membership.objects.filter(id=desk.bruno.id).update(state=Membership.State.SUSPENDED)
    assert waiting_for(desk.ana).mine == [(handoff, "person_gone")]
    Membership.objects.filter(id=desk.bruno.id).update(state=Membership.State.ACTIVE)
    remove_companion(companion=desk.davi)
    assert waiting_for(desk.ana).mine == [(handoff, "gone")]
    with pytest.raises(Conflict) as gone:
        accept_handoff(member=desk.bruno, handoff_id=handoff.id)
    assert gone.value.code == "gone"
    Companion.everything.filter(id=desk.davi.id).delete()
    handoff.refresh_from_db()
    assert (handoff.state, handoff.to_companion_id, handoff.to_name) == ("offered", None, "Davi")
    assert trouble_with(handoff) == "gone"
    assert withdraw_handoff(member=desk.ana, handoff_id=handoff.id).state == "withdrawn"


def test_a_giver_who_left_does_not_take_the_work_along_but_a_removed_conversation_is_gone(desk: Desk) -> None:
    first = desk.offer()
    remove_chat(member=desk.ana, chat=desk.chat)
    with pytest.raises(Conflict) as removed:
        accept_handoff(member=desk.bruno, handoff_id=first.id)
    assert removed.value.code == "conversation_removed"
    assert Handoff.objects.get().state == "offered"
    Chat.everything.filter(id=desk.chat.id).update(removed_at=None, updated_at=timezone.now())
    Membership.objects.filter(id=desk.ana.id).update(state=Membership.State.SUSPENDED)
    assert accept_handoff(member=desk.bruno, handoff_id=first.id).state == "accepted"
