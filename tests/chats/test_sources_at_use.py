"""Who may read a source is asked when it is used; what is not read yet is waited for, for a while."""

from __future__ import annotations

import uuid

import pytest

from chats.attached import attached_to
from chats.models import Chat, Run
from chats.services.conversations import start_chat
from chats.services.replies import ask
from chats.shown import shown_message
from chats.sources import footnotes_of, sources_of
from companions.models import Companion
from companions.services.policies import publish_policy
from documents.models import DocumentFile
from documents.services.sharing import Party, share, withdraw_share
from documents.store import store_of
from humana.kernel.errors import NotFound
from tenants.config.catalogue import config_keys
from tenants.context import current_tenant, use_tenant
from tenants.places import within
from tenants.services.config import of_organization, set_value
from tests.chats.conftest import Desk
from tests.chats.test_sources import LEAVE, a_document, system
from tests.fixtures.mixed import IN_DATABASE, found_mixed
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.django_db(transaction=True)

#: What the scripted model says when it is asked this.
CITES = "say:Thirty days [1]."


def being_read(desk: Desk, document_id: uuid.UUID) -> DocumentFile:
    """A file that a worker has in hand."""
    return DocumentFile.objects.create(
        document_id=document_id,
        uploaded_by=desk.world.member.user_id,
        key=f"documents/{uuid.uuid4().hex}",
        name="Rules.txt",
        media_type="text/plain",
        size=9,
        digest="0" * 64,
        state=DocumentFile.State.EXTRACTING,
    )


def test_a_share_that_ends_meanwhile_counts_at_the_answer(desk: Desk, scripted_model: ScriptedModel) -> None:
    """Asked while it was shared, asked again after; and what the first answer cites is not shown any more."""
    world, chat = desk.world, desk.new_chat()
    with use_tenant(world.context):
        document = a_document(world.owner.user_id, "Rules.txt", LEAVE)
        card = store_of(current_tenant()).card(document)
        given = share(member=world.owner, aim=card, party=Party(member=world.member), right="read")
        first = ask(member=world.member, chat=chat, text=CITES, document_ids=[document])
    first = desk.until(first, Run.State.DONE)
    assert "thirty days of leave" in scripted_model.entries[0].body["messages"][0]["content"]
    question_id = first.message.parent_id
    assert question_id is not None
    with use_tenant(world.context):
        assert [one.there for one in sources_of(world.member, [first.message_id])[first.message_id]] == [True]
        withdraw_share(member=world.owner, row=given)
        again = ask(member=world.member, chat=chat, text="And how much leave now?")
    desk.until(again, Run.State.DONE)
    assert "thirty days of leave" not in system(scripted_model)
    with use_tenant(world.context):
        (lost,) = sources_of(world.member, [first.message_id])[first.message_id]
        assert (lost.there, lost.title, lost.quote) == (False, "", "")
        (chip,) = attached_to(world.member, [question_id])[question_id]
        assert (chip.there, chip.name) == (False, "")
        (note,) = footnotes_of(world.member, [first.message_id])[first.message_id]
        assert "Rules" not in note
        with pytest.raises(NotFound):
            ask(member=world.member, chat=chat, text="Once more", document_ids=[document])


def test_what_is_still_being_read_is_waited_for_and_said(desk: Desk, scripted_model: ScriptedModel) -> None:
    world = desk.world
    with use_tenant(world.context):
        document = a_document(world.member.user_id, "Rules.txt", LEAVE)
        file = being_read(desk, document)
        run = ask(member=world.member, chat=desk.new_chat(), text="How much leave?", document_ids=[document])
    told = []
    for _at, name, data in desk.events(run):
        told.append((name, data))
        if name == "state" and data["state"] == "reading":
            assert data["name"] == "Rules.txt"
            assert desk.run(run).state == Run.State.QUEUED, "nobody has it, and no connection waits"
            with use_tenant(world.context):
                DocumentFile.objects.filter(id=file.id).update(state=DocumentFile.State.READY)
    assert ("state", {"state": "reading", "name": "Rules.txt"}) in told
    assert "thirty days of leave" in system(scripted_model)


def test_what_takes_too_long_or_cannot_be_read_is_left_out_and_said(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    world = desk.world
    with use_tenant(world.context):
        where, key = of_organization(world.organization.id), config_keys.get("documents.reading_seconds")
        set_value(member=None, where=where, key=key, value=0)
        slow, broken = (a_document(world.member.user_id, one, "") for one in ("Slow.txt", "Broken.txt"))
        being_read(desk, slow)
        DocumentFile.objects.filter(id=being_read(desk, broken).id).update(state="failed")
        run = ask(member=world.member, chat=desk.new_chat(), text="What?", document_ids=[slow, broken])
    run = desk.until(run, Run.State.DONE)
    with use_tenant(world.context):
        shown = shown_message(member=world.member, message=run.message)
        assert [one.name for one, _why in shown.left_out] == ["Slow.txt", "Broken.txt"]
        assert [one["why"] for one in run.provenance["left_out"]] == ["late", "failed"]


def test_a_run_that_waits_can_be_stopped(desk: Desk) -> None:
    world = desk.world
    with use_tenant(world.context):
        document = a_document(world.member.user_id, "Rules.txt", LEAVE)
        being_read(desk, document)
        run = ask(member=world.member, chat=desk.new_chat(), text="How much leave?", document_ids=[document])
    next(data for _at, name, data in desk.events(run) if name == "state" and data["state"] == "reading")
    assert desk.stop(run).state == Run.State.STOPPED


def test_a_question_that_a_policy_keeps_back_looks_nothing_up(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    world = desk.world
    with use_tenant(world.context):
        checks = [{"stage": "input", "kind": "pattern", "pattern": "leave", "name": "Leave"}]
        publish_policy(name="No", regulation="House", requirement="No.", checks=checks, mode="block")
        document = a_document(world.member.user_id, "Rules.txt", LEAVE)
        run = ask(member=world.member, chat=desk.new_chat(), text="How much leave?", document_ids=[document])
    run = desk.until(run, Run.State.FAILED)
    assert scripted_model.entries == []
    assert "documents" not in run.provenance


@pytest.mark.usefixtures("server")
def test_in_a_placement_of_its_own_documents_are_found_where_the_chat_is(
    scripted_model: ScriptedModel,
) -> None:
    """And knowledge, which is in the main one, comes first; a document of the main one is not there."""
    world = found_mixed()
    with use_tenant(world.context), within("companion_id", world.companions[IN_DATABASE].id):
        mine = world.owner.user_id
        document = a_document(mine, "Rules.txt", LEAVE)
        companion = Companion.objects.get(id=world.companions[IN_DATABASE].id)
        chat = start_chat(member=world.owner, companion=companion)
        run = ask(member=world.owner, chat=chat, text=CITES, document_ids=[document])
    run = world.until_done(run.id)
    assert "> Everybody has thirty days of leave." in scripted_model.entries[0].body["messages"][0]["content"]
    page = world.client.get(world.address(f"chats/{chat.id}/")).content.decode()
    assert 'aria-label="Source 1: Rules.txt, Leave"' in page
    shown = world.client.get(world.address(f"messages/{run.message_id}/sources/")).content.decode()
    assert "Everybody has thirty days of leave." in shown
    with use_tenant(world.context):
        elsewhere = a_document(mine, "Main.txt", LEAVE)
    with use_tenant(world.context), within("chat_id", chat.id), pytest.raises(NotFound):
        found = Chat.objects.get(id=chat.id)
        ask(member=world.owner, chat=found, text="And?", document_ids=[elsewhere])
