"""Files of /v1/files come with a question to /v1/chat/completions, by OpenAI's own SDK."""

from __future__ import annotations

import uuid
from typing import Any

import openai
import pytest

from chats.models import Attachment
from documents.services.indexing import embed, index
from tenants.context import use_tenant
from tests.chats.conftest import Desk
from tests.chats.test_sources import LEAVE, a_document, system
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.django_db(transaction=True)


def asking(file: dict[str, str]) -> Any:
    parts = [{"type": "text", "text": "How much leave is there?"}, {"type": "file", "file": file}]
    return [{"role": "user", "content": parts}]


def test_a_file_is_read_with_the_question_by_whoever_may(desk: Desk, scripted_model: ScriptedModel) -> None:
    world = desk.world
    client = openai.OpenAI(base_url=f"{desk.server.url}/v1", api_key=desk.key, max_retries=0)
    kept = client.files.create(file=("rules.md", LEAVE.encode()), purpose="user_data")
    with use_tenant(world.context):
        document_id = uuid.UUID(kept.id.removeprefix("file-"))
        index(document_id)
        embed(document_id)
        theirs = a_document(world.owner.user_id, "Theirs.txt", LEAVE)
    name = world.companion.slug
    client.chat.completions.create(model=name, messages=asking({"file_id": kept.id}))
    assert "> Everybody has thirty days of leave." in system(scripted_model)
    earlier = [*asking({"file_id": kept.id}), {"role": "assistant", "content": "Thirty days."}]
    client.chat.completions.create(model=name, messages=[*earlier, {"role": "user", "content": "Sure?"}])
    assert "> Everybody has thirty days of leave." in system(scripted_model), "also later on"
    with use_tenant(world.context):
        assert Attachment.objects.filter(document_id=document_id).count() == 1
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model=name, messages=asking({"file_id": f"file-{theirs}"}))
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(model=name, messages=asking({"file_data": "data:,x"}))
    assert "/v1/files" in str(refusal.value)
