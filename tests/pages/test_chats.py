"""Lists of chats, what leaves them and comes back, and whom a new member is led to first."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from byoc import gateway
from byoc.contracts import ModelCard
from chats.models import Chat, Message
from companions.services.companions import create_companion
from documents.services import files
from documents.services.folders import create_folder
from tenants.context import use_tenant
from tenants.models import Membership
from tests.fixtures.organizations import World
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db
#: Whose tables are an organization's own.
PLANE = ("audit", "documents", "companions", "chats")


def listed(client: Client, address: str) -> list[str]:
    """The addresses of the chats that the page itself lists, without the sidebar."""
    page = Page(client.get(address))
    assert shortcomings(page) == []
    return [one["href"] for one in page.all("a") if one["class"] == "list-row"]


def test_what_is_archived_leaves_the_list_and_can_be_taken_back(owner: Client, left: World) -> None:
    chat = f"/o/left/chats/{left.chat.pk}/"
    assert chat in listed(owner, "/o/left/chats/")
    page = Page(owner.post(f"{chat}archive/", follow=True))
    assert f"{chat}unarchive/" in [one["action"] for one in page.all("form")], "no way to take it back"
    assert chat not in listed(owner, "/o/left/chats/")
    assert chat in listed(owner, "/o/left/chats/?archived=1")
    assert owner.post(f"{chat}unarchive/").headers["Location"] == chat
    assert chat in listed(owner, "/o/left/chats/")


def test_somebody_elses_chat_cannot_be_taken_out_of_the_archive(member: Client, left: World) -> None:
    assert member.post(f"/o/left/chats/{left.chat.pk}/unarchive/").status_code == 404
    assert member.get(f"/o/left/chats/{left.chat.pk}/listed/").status_code == 404


def test_the_fragment_of_titles_holds_header_tab_and_sidebar(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        Chat.objects.filter(pk=left.chat.pk).update(title="<b>Plans</b> for today")
    page = Page(owner.get(f"/o/left/chats/{left.chat.pk}/listed/", headers={"hx-request": "true"}))
    heading = page.one("h1")
    assert (heading["id"], heading["hx-swap-oob"], heading.words) == (
        "chat-title",
        "true",
        "<b>Plans</b> for today",
    )
    assert page.one("title").words.startswith("<b>Plans</b> for today · ")
    here = [one for one in page.all("a") if one["aria-current"] == "page"]
    assert [one["href"] for one in here] == [f"/o/left/chats/{left.chat.pk}/"]


def test_an_address_in_a_question_or_an_answer_can_be_followed(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        chat = Chat(owner_id=left.twin.user_id, companion=left.companion, last_message_at=timezone.now())
        chat.save()
        parent = None
        for role in (Message.Role.PERSON, Message.Role.COMPANION):
            parent = Message(
                chat=chat, parent=parent, role=role, text=f"https://{role}.example/a, `https://no.example`"
            )
            parent.save()
        Chat.objects.filter(pk=chat.pk).update(leaf_id=parent.id if parent else None)
    page = Page(owner.get(f"/o/left/chats/{chat.pk}/"))
    away = [one for one in page.all("a") if one["href"].startswith("http")]
    assert [one["href"] for one in away] == ["https://person.example/a", "https://companion.example/a"]
    for one in away:
        assert (one["target"], one["rel"]) == ("_blank", "noopener noreferrer nofollow")


def test_a_search_without_scripts_is_a_page(owner: Client, left: World) -> None:
    assert "/o/left/companions/clara/" in [
        one["href"] for one in Page(owner.get("/o/left/search/?q=clara")).all("a")
    ]
    fragment = owner.get("/o/left/search/?q=clara", headers={"hx-request": "true"})
    assert b"<html" not in fragment.content


def test_what_the_search_box_finds_is_on_the_page_of_everything_too(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        folder = create_folder(member=left.twin, name="Harbour")
    small = Page(owner.get("/o/left/search/?q=harbour", headers={"hx-request": "true"}))
    rows = [one for one in small.all("a") if one["role"] == "option"]
    assert rows[0]["href"] == f"/o/left/folders/{folder.id}/"
    assert rows[-1]["href"] == "/o/left/search/?q=harbour"
    assert rows[0]["href"] in [one["href"] for one in Page(owner.get(rows[-1]["href"])).all("a")]


@pytest.mark.parametrize(
    ("builtin", "order"), [(True, ["Zoe", "Abel", "Clara"]), (False, ["Abel", "Clara", "Zoe"])]
)
def test_the_built_in_model_puts_forward_whom_it_can_play(
    owner: Client, left: World, monkeypatch: pytest.MonkeyPatch, builtin: bool, order: list[str]
) -> None:
    """It manages only English, and the first chat should work."""
    with use_tenant(left.context):
        type(left.companion).objects.update(language="pt-br")
        create_companion(name="Abel", purpose="Contas", base_prompt="Você é Abel.", language="pt-br")
        create_companion(
            name="Zoe",
            purpose="Letters",
            base_prompt="You are Zoe.",
            language="en",
            starters=["What is tea?"],
        )
    card = ModelCard("default", "small", builtin, "", 200, 2048)
    monkeypatch.setattr(gateway, "shown", lambda model=None: card)
    page = Page(owner.get("/o/left/"))
    assert shortcomings(page) == []
    assert [one.words for one in page.all("strong") if "a" in one.within] == order
    offered = [one["action"] for one in page.all("form") if one["action"].endswith("/start/")]
    assert [address.split("/")[-3] for address in offered][:3] == [name.lower() for name in order]
    assert [one["value"] for one in page.all("button") if one["class"] == "chip"] == [
        "What is tea?"
    ] * builtin


def test_a_chat_begins_in_the_folder_one_looks_at(owner: Client, left: World) -> None:
    folder = left.folder
    page = Page(owner.get(f"/o/left/folders/{folder.pk}/"))
    assert str(folder.pk) in [one["value"] for one in page.all("input") if one["name"] == "folder"]
    chat = owner.post("/o/left/companions/clara/start/", {"folder": str(folder.pk)}).headers["Location"]
    page = Page(owner.get(chat))
    assert f"/o/left/folders/{folder.pk}/" in [
        one["href"] for one in page.all("a") if one.words == folder.name
    ]
    assert chat in listed(owner, f"/o/left/chats/?folder={folder.pk}")


def test_no_chat_begins_in_a_folder_one_does_not_have(member: Client, left: World) -> None:
    before = member.get("/o/left/chats/").content.count(b"list-row")
    refused = member.post("/o/left/companions/clara/start/", {"folder": str(left.folder.pk)})
    assert refused.status_code == 409
    assert member.get("/o/left/chats/").content.count(b"list-row") == before


def test_who_looks_into_a_new_chat_and_leaves_fills_no_list(owner: Client, left: World) -> None:
    start = "/o/left/companions/clara/start/"
    chat = owner.post(start).headers["Location"]
    assert owner.post(start).headers["Location"] == chat, "nothing was said in it"
    assert owner.post(start, {"folder": str(left.folder.pk)}).headers["Location"] != chat
    owner.post(f"{chat}rename/", {"title": "Plans"})
    assert owner.post(start).headers["Location"] != chat, "it was kept for something"


def test_one_writes_at_once_to_who_answered_last_or_to_whom_one_turns(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        create_companion(name="Abel", purpose="Bills", base_prompt="You are Abel.", language="en")

    def addressed(address: str) -> tuple[str, list[str]]:
        page = Page(owner.get(address))
        assert shortcomings(page) == []
        (composer,) = [one for one in page.all("form") if one["id"] == "composer"]
        return composer["action"].split("/")[-3], [one["href"] for one in page.all("a") if one["data-with"]]

    assert addressed("/o/left/") == ("clara", ["?with=abel", "?with=clara"]), "she was asked last"
    assert addressed("/o/left/?with=abel")[0] == "abel"
    assert addressed("/o/left/?with=nobody")[0] == "clara"


def test_what_is_done_from_the_list_leaves_one_on_the_page_one_is_on(owner: Client, left: World) -> None:
    chat, here = f"/o/left/chats/{left.chat.pk}/", "/o/left/documents/?sort=name"

    def led_to(act: str, back: str, **said: str) -> str:
        return owner.post(f"{chat}{act}/", {"back": back, **said}).headers["Location"]

    assert led_to("rename", here, title="Plans") == here
    assert led_to("pin", here, pinned="1") == here
    assert led_to("archive", here) == here
    assert led_to("remove", chat) == "/o/left/", "the chat itself is gone"
    owner.post(f"{chat}restore/")
    for elsewhere in ("https://else.example/", "//else.example/o/left/", "/o/right/", "/o/left/../right/\n"):
        assert led_to("pin", elsewhere, pinned="0").startswith(("/o/left/", chat)), elsewhere


def test_the_box_finds_whatever_has_a_name_without_its_accents(
    owner: Client, member: Client, left: World
) -> None:
    with use_tenant(left.context):
        create_companion(name="Íris", purpose="Recepção", base_prompt="Você é Íris.", language="pt-br")
        create_folder(member=left.twin, name="Convênios de março")

    def led_to(who: Client, words: str) -> list[str]:
        page = Page(who.get("/o/left/search/", {"q": words}, headers={"hx-request": "true"}))
        *found, everything = [one["href"].removeprefix("/o/left/") for one in page.all("a")]
        assert everything.startswith("search/?q=")
        return found

    assert led_to(owner, "iris") == ["companions/iris/"]
    assert [one.split("/")[0] for one in led_to(owner, "MARCO conv")] == ["folders"]
    assert "settings/policies/" in led_to(owner, "polic")
    assert "documents/" in led_to(owner, "docum")
    assert led_to(member, "polic") == [], "nobody is led where they may not go"


def test_the_menu_of_a_row_offers_what_one_may_do(owner: Client, member: Client, left: World) -> None:
    def offered(who: Client) -> set[str]:
        page = Page(who.get("/o/left/chats/"))
        return {one["data-do"] for one in page.all("form", "a") if one["data-do"]}

    everything = {"rename/", "pin/", "archive/", "unarchive/", "folder/", "export/", "remove/"}
    assert offered(owner) == everything
    Membership.objects.filter(id=left.member.id).update(withheld_permissions=["chats.write"])
    assert offered(member) == {"export/"}, "who only reads"


@pytest.mark.parametrize("list_", ["chats", "documents"])
def test_more_rows_with_their_menus_ask_the_database_no_more(owner: Client, left: World, list_: str) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = owner.get(f"/o/left/{list_}/")
        assert answer.status_code == 200
        # What a process knows of its organization is read anew after a second, however many rows there are.
        return sum(any(f'"{one}_' in query["sql"] for one in PLANE) for query in queries)

    def grow(number: int) -> None:
        with use_tenant(left.context):
            for one in range(number):
                here = {"owner_id": left.twin.user_id, "companion": left.companion}
                Chat(title=f"Chat {one}", last_message_at=timezone.now(), **here).save()
                files.write(member=left.twin, name=f"Plan {one}", text="Eight rooms.")

    grow(2)
    asked()  # what is known after a first look
    few = asked()
    grow(12)
    assert asked() == few > 0
