"""A conversation that begins with a question and documents, from a companion's page and by a program."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.http import HttpResponse

from chats.models import Attachment, Chat, Draft, Run
from chats.services.drafts import keep_unsent
from tenants.context import use_tenant
from tests.api.conftest import Program, refused
from tests.chats.conftest import Desk
from tests.chats.test_sources import LEAVE, a_document, system
from tests.fixtures.models import ScriptedModel
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db(transaction=True)


def begun(desk: Desk) -> int:
    with use_tenant(desk.world.context):
        return Chat.objects.count()


def written(page: Page) -> str:
    (field,) = [one for one in page.all("textarea") if one["id"] == "composer-text"]
    return field.words


def mine(desk: Desk, text: str = LEAVE) -> uuid.UUID:
    with use_tenant(desk.world.context):
        return a_document(desk.world.member.user_id, "Rules.txt", text)


def theirs(desk: Desk) -> uuid.UUID:
    with use_tenant(desk.world.context):
        return a_document(desk.world.owner.user_id, "Theirs.txt", LEAVE)


def test_a_first_question_brings_its_documents(desk: Desk, scripted_model: ScriptedModel) -> None:
    """What was drafted for the companion stands in the form, goes with the question, and is no draft then."""
    world, document, client = desk.world, mine(desk), signed_in(desk.world.member, "en")
    page, question = f"/o/{world.slug}/companions/{world.companion.slug}/", "say:Thirty days [1]."
    with use_tenant(world.context):
        place = world.companion.id
        keep_unsent(member=world.member, place_id=place, text=question, document_ids=[document])
    form = Page(client.get(page))
    assert shortcomings(form) == []
    assert [one["value"] for one in form.all("input") if one["name"] == "documents"] == [str(document)]
    assert "say:Thirty" in written(form)
    assert b"Rules.txt" in client.get(f"{page}attachable/?q=rules").content
    assert b"Rules.txt" in client.get(f"{page}attached/?documents={document}").content
    answer = client.post(f"{page}start/", {"text": question, "documents": [str(document)]})
    chat_id = uuid.UUID(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])
    with use_tenant(world.context):
        run = Run.objects.get(chat_id=chat_id)
        assert Attachment.objects.get(message__chat_id=chat_id).document_id == document
        assert not Draft.objects.filter(place_id=place).exists()
    desk.until(run, Run.State.DONE)
    assert "> Everybody has thirty days of leave." in system(scripted_model)


def test_a_first_question_that_is_refused_begins_nothing_and_is_not_lost(desk: Desk) -> None:
    """Without a script it is a draft, with the reason above it; a script still has it, and only hears why."""
    world, client, before = desk.world, signed_in(desk.world.member, "en"), begun(desk)
    page, document = f"/o/{world.slug}/companions/{world.companion.slug}/", mine(desk)
    sent = {"text": "What do they say?", "documents": [str(document), str(theirs(desk))]}
    scripted = client.post(f"{page}start/", sent, headers={"hx-request": "true"})
    assert (scripted.status_code, "HX-Redirect" in scripted.headers) == (404, False)
    with use_tenant(world.context):
        assert not Draft.objects.filter(place_id=world.companion.id).exists()
    form = Page(client.post(f"{page}start/", sent, follow=True))
    assert written(form) == "What do they say?"
    assert [one["value"] for one in form.all("input") if one["name"] == "documents"] == [str(document)]
    assert "Remove it and send again." in form.words
    assert "Theirs.txt" not in form.words
    assert begun(desk) == before
    kept = client.post(f"{page}start/", {"text": "What?"}, headers={"hx-request": "true"})
    assert kept.headers["HX-Redirect"].startswith(f"/o/{world.slug}/chats/")
    assert begun(desk) == before + 1


def test_a_program_begins_with_a_question_and_documents(desk: Desk) -> None:
    world, program, document = desk.world, Program(desk.key), mine(desk)

    def begin(**more: Any) -> HttpResponse:
        return program.post("chats/", {"companion_id": str(world.companion.id), **more})

    made = begin(text="say:Thirty.", document_ids=[str(document)], title="Leave")
    assert made.status_code == 201, made.content
    chat = json.loads(made.content)
    assert chat["title"] == "Leave"
    asked, answer = program.get(f"chats/{chat['id']}/messages/").json()["results"]
    assert [one["document_id"] for one in asked["attachments"]] == [str(document)]
    assert (answer["id"], bool(answer["run_id"])) == (chat["leaf_id"], True)
    before = begun(desk)
    refused(begin(text="What?", document_ids=[str(theirs(desk))]), 404, "not_found")
    refused(begin(document_ids=[str(document)]), 422, "empty", "text")
    assert begun(desk) == before, "no empty chat is left behind"
    assert begin().json()["leaf_id"] is None
