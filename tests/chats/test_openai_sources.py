"""Answers to programs say what they rest on, by the SDKs that programs use."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from companions.services.knowledge import write_asset
from documents.models import DocumentFile
from documents.services.sharing import Party, share
from documents.store import store_of
from tenants.config.catalogue import config_keys
from tenants.context import current_tenant, use_tenant
from tenants.services.config import of_organization, set_value
from tests.chats.conftest import Desk
from tests.chats.test_mcp_door import call
from tests.chats.test_openai_attached import asking
from tests.chats.test_openai_tools import client
from tests.chats.test_sources import LEAVE, a_document, system
from tests.chats.test_sources_at_use import being_read
from tests.fixtures.models import ScriptedModel

__all__ = ["client"]
pytestmark = pytest.mark.django_db(transaction=True)
#: What the model says: two sources, one of them twice, a number nobody gave, and one in code.
TEXT = "Thirty days [2], on the third floor [1][2]. Not [9], nor `a[1]`."


def with_file(file_id: str, text: str = "How much leave?") -> Any:
    parts = [{"type": "input_text", "text": text}, {"type": "input_file", "file_id": file_id}]
    return [{"role": "user", "content": parts}]


def a_file(desk: Desk) -> str:
    """A document of the member's beside what the organization knows."""
    with use_tenant(desk.world.context):
        write_asset(title="Office", text="The leave desk is on the third floor.")
        return f"file-{a_document(desk.world.member.user_id, 'Rules.txt', LEAVE)}"


def test_a_response_notes_where_it_cites_which_file(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    name, file_id = desk.world.companion.slug, a_file(desk)
    scripted_model.script(f"say:{TEXT}", times=2)
    answer = client.responses.create(model=name, input=with_file(file_id))
    assert "cite o número dele entre colchetes" in system(scripted_model)
    assert "> Everybody has thirty days of leave." in system(scripted_model)
    (part,) = answer.output[0].content  # type: ignore[union-attr]
    told = [(one.type, one.filename, TEXT[one.index :][:3]) for one in part.annotations]  # type: ignore[union-attr]
    file, office = ("file_citation", "Rules.txt"), ("file_citation", "Office")
    assert told == [(*file, "[2]"), (*office, "[1]"), (*file, "[2]")]
    note = part.annotations[0].model_dump()  # type: ignore[union-attr]
    assert note["file_id"] == "file-" + file_id.removeprefix("file-").replace("-", "")
    assert "thirty days" in note["source"]["quote"]
    with client.responses.stream(model=name, input=with_file(file_id)) as stream:
        events = list(stream)
        final = stream.get_final_response()
    added = [one for one in events if one.type == "response.output_text.annotation.added"]
    assert [one.annotation_index for one in added] == [0, 1, 2]
    assert final.output[0].content[0].annotations == part.annotations  # type: ignore[union-attr]


def test_a_completion_has_its_sources_beside_the_text(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    name, file_id = desk.world.companion.slug, a_file(desk)
    scripted_model.script(f"say:{TEXT}", times=2)
    told = (
        client.chat.completions.create(model=name, messages=asking({"file_id": file_id})).choices[0].message
    )
    assert (told.content, told.annotations) == (TEXT, None)
    sources = told.model_dump()["sources"]
    assert [(one["number"], one["kind"], one["title"]) for one in sources] == [
        (1, "knowledge", "Office"),
        (2, "document", "Rules.txt"),
    ]
    assert file_id == f"file-{sources[1]['id']}"
    earlier: Any = [*asking({"file_id": file_id}), {"role": "assistant", "content": TEXT}]
    with client.chat.completions.stream(
        model=name, messages=[*earlier, {"role": "user", "content": "Where is the leave desk?"}]
    ) as stream:
        final = stream.get_final_completion().choices[0].message
    assert (final.content, final.model_dump()["sources"]) == (TEXT, sources)
    again = scripted_model.last.body["messages"][2]["content"]
    assert again == "Thirty days    , on the third floor       . Not    , nor `a[1]`.", "numbers are new"
    scripted_model.script("say:Hello [1].")
    plain = client.chat.completions.create(model=name, messages=[{"role": "user", "content": "zzz?"}])
    assert "sources" not in plain.choices[0].message.model_dump(), "it was given none"


def test_a_tool_of_mcp_gives_its_sources(desk: Desk, scripted_model: ScriptedModel) -> None:
    a_file(desk)
    scripted_model.script("say:On the third floor [1].")
    result = call(desk, "Where is the leave desk?")
    (source,) = result.structured_content["sources"]
    assert (source["number"], source["title"]) == (1, "Office")
    scripted_model.script("say:Hello.")
    assert call(desk, "Where is the leave desk?").structured_content["sources"] == []


def test_only_what_may_be_read_when_the_answer_ends_is_a_source(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    """A colleague's file that is shared, and is not any more while the answer is written."""
    world, name = desk.world, desk.world.companion.slug
    with use_tenant(world.context):
        theirs = a_document(world.owner.user_id, "Theirs.txt", LEAVE)
    with pytest.raises(openai.NotFoundError) as missing:
        client.responses.create(model=name, input=with_file(f"file-{theirs}"))
    assert "/v1/files" in str(missing.value)
    with use_tenant(world.context):
        card = store_of(current_tenant()).card(theirs)
        given = share(member=world.owner, aim=card, party=Party(member=world.member), right="read")
    scripted_model.script("spell:60:Thirty days [1].")
    with client.responses.create(model=name, input=with_file(f"file-{theirs}"), stream=True) as stream:
        events = iter(stream)
        next(events)
        with use_tenant(world.context):
            given.delete()
        last = list(events)[-1]
    assert "thirty days" in system(scripted_model)
    assert last.response.output[0].content[0].annotations == []  # type: ignore[union-attr]


def test_a_file_that_is_not_read_yet_or_never_is_refused_in_words(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    world, name = desk.world, desk.world.companion.slug
    with use_tenant(world.context):
        document = a_document(world.member.user_id, "Rules.txt", "")
        file = being_read(desk, document)
        where, key = of_organization(world.organization.id), config_keys.get("documents.reading_seconds")
        set_value(member=None, where=where, key=key, value=0)
    with pytest.raises(openai.ConflictError, match=r"“Rules.txt”.*GET /v1/files"):
        client.responses.create(model=name, input=with_file(f"file-{document}"))
    with use_tenant(world.context):
        DocumentFile.objects.filter(id=file.id).update(state=DocumentFile.State.FAILED)
    with pytest.raises(openai.BadRequestError, match=r"“Rules.txt”"):
        client.chat.completions.create(model=name, messages=asking({"file_id": f"file-{document}"}))
    inline: Any = [{"role": "user", "content": [{"type": "input_file", "file_data": "data:,x"}]}]
    with pytest.raises(openai.BadRequestError, match="/v1/files"):
        client.responses.create(model=name, input=inline)
    assert scripted_model.entries == []
