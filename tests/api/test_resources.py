"""A program does what a person does on the pages: companions, chats, folders, votes, the trail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chats.models import Chat, Message, Run
from tenants.context import use_tenant
from tests.api.conftest import Program, refused
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def results(program: Program, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = program.get(address).json()["results"]
    return found


# --- me -----------------------------------------------------------------------------------------


def test_me_is_the_person_behind_the_key(twin: Program, left: World) -> None:
    me = twin.get("me/").json()
    assert me["person"]["email"] == left.twin.user.email
    assert (me["organization"]["slug"], me["role"]) == (left.slug, "owner")
    assert [one["organization"]["slug"] for one in me["memberships"]] == [left.slug], "and no other"


def test_i_change_my_name_and_language(twin: Program, left: World) -> None:
    changed = twin.patch("me/", {"name": "Caio Prado", "language": "en", "theme": "dark"}).json()["person"]
    assert (changed["name"], changed["language"], changed["theme"]) == ("Caio Prado", "en", "dark")
    refused(twin.patch("me/", {"email": "x@y.example"}), 422, "unknown_field", "email")
    assert twin.patch("me/", {"language": "tlh"}).status_code == 422


# --- companions ---------------------------------------------------------------------------------


def a_companion(**more: Any) -> dict[str, Any]:
    return {"name": "Marina", "purpose": "Appointments", "base_prompt": "You plan.", "language": "en"} | more


def test_a_companion_is_made_edited_paused_and_answers_again(twin: Program, left: World) -> None:
    made = twin.post("companions/", a_companion())
    assert made.status_code == 201
    address = made["Location"].removeprefix("http://testserver/api/v1/")
    assert made.json()["slug"] == "marina"
    edited = twin.patch(address, {"purpose": "Agenda"}, if_match=made["ETag"])
    assert edited.json()["purpose"] == "Agenda"
    twin.patch(address, {"state": "paused"})
    assert "marina" not in [one["slug"] for one in results(twin, "companions/")]
    assert "marina" in [one["slug"] for one in results(twin, "companions/?state=paused")]
    refused(twin.post("chats/", {"companion_id": made.json()["id"]}), 409, "companion_paused")
    twin.patch(address, {"state": "active"})
    assert twin.post("chats/", {"companion_id": made.json()["id"]}).status_code == 201


def test_a_member_talks_with_companions_and_changes_none(plain: Program, left: World) -> None:
    assert [one["id"] for one in results(plain, "companions/")] == [str(left.companion.id)]
    refused(plain.post("companions/", a_companion()), 403, "missing_permission")
    refused(plain.patch(f"companions/{left.companion.id}/", {"name": "X"}), 403, "missing_permission")
    refused(plain.get("companions/?state=paused"), 403, "missing_permission")


# --- chats --------------------------------------------------------------------------------------


def test_a_chat_from_its_beginning_to_its_end(twin: Program, left: World) -> None:
    folder = twin.post("folders/", {"name": "Cases"}).json()
    begun = twin.post("chats/", {"companion_id": str(left.companion.id), "folder_id": folder["id"]})
    address = f"chats/{begun.json()['id']}/"
    assert begun["Location"].endswith(address)
    assert begun.json()["folder"] == {"id": folder["id"], "name": "Cases"}
    changed = twin.patch(address, {"title": "Ana’s case", "pinned": True, "folder_id": None}).json()
    assert (changed["title"], changed["pinned"], changed["folder"]) == ("Ana’s case", True, None)
    twin.patch(address, {"archived": True})
    assert begun.json()["id"] not in [one["id"] for one in results(twin, "chats/")]
    assert begun.json()["id"] in [one["id"] for one in results(twin, "chats/?archived=1")]
    assert twin.delete(address).status_code == 204
    refused(twin.get(address), 404, "not_found")
    assert twin.post(f"{address}restore/").json()["title"] == "Ana’s case"


def test_a_question_is_saved_before_anything_else(twin: Program, left: World) -> None:
    """No runner is here: the question and the answer to come are there all the same."""
    asked = twin.post(f"chats/{left.chat.id}/messages/", {"text": "  What now?  "})
    assert asked.status_code == 202
    told = asked.json()
    assert told["message"]["text"] == "  What now?  "
    assert (told["answer"]["state"], told["run"]["state"]) == ("pending", "queued")
    assert told["events_url"].endswith(f"/api/v1/runs/{told['run']['id']}/events")
    said = results(twin, f"chats/{left.chat.id}/messages/")
    assert [one["id"] for one in said][-2:] == [told["message"]["id"], told["answer"]["id"]]
    assert twin.get(f"runs/{told['run']['id']}/").json()["state"] == "queued"
    stopped = twin.post(f"runs/{told['run']['id']}/stop/")
    assert (stopped.status_code, stopped.json()["state"]) == (202, "stopped")


def done(world: World, told: dict[str, Any], text: str) -> None:
    with use_tenant(world.context):
        Run.objects.filter(id=told["run"]["id"]).update(state=Run.State.DONE)
        Message.objects.filter(id=told["answer"]["id"]).update(state=Message.State.DONE, text=text)


def test_a_question_asked_anew_is_a_branch_and_the_old_one_stays(twin: Program, left: World) -> None:
    address = f"chats/{left.chat.id}/messages/"
    first = twin.post(address, {"text": "One?"}).json()
    done(left, first, "One.")
    again = twin.post(f"messages/{first['answer']['id']}/regenerate/").json()
    done(left, again, "Another one.")
    assert again["answer"]["parent_id"] == first["message"]["id"]
    anew = twin.post(f"messages/{first['message']['id']}/edit/", {"text": "Two?"}).json()
    branch = [one["id"] for one in results(twin, address)]
    assert anew["message"]["id"] in branch
    assert first["message"]["id"] not in branch
    tree = [one["id"] for one in results(twin, f"{address}?all=1&limit=100")]
    assert {first["answer"]["id"], again["answer"]["id"], anew["answer"]["id"]} <= set(tree)


def test_a_vote_is_one_changeable_and_withdrawn(twin: Program, left: World) -> None:
    address = f"messages/{left.answer.id}/"
    for up, mark in ((True, "up"), (False, "down")):
        voted = twin.put(f"{address}vote/", {"up": up, "comment": "because"})
        assert (voted.status_code, voted.json()["up"]) == (200, up)
        assert twin.get(address).json()["vote"] == mark
    assert twin.delete(f"{address}vote/").status_code == 204
    assert twin.get(address).json()["vote"] is None


def test_what_belongs_to_another_member_is_missing(plain: Program, left: World) -> None:
    for address in (
        f"chats/{left.chat.id}/",
        f"chats/{left.chat.id}/messages/",
        f"messages/{left.answer.id}/",
        f"runs/{left.run.id}/",
        f"folders/{left.folder.id}/",
    ):
        refused(plain.get(address), 404, "not_found")
    given = {"companion_id": str(left.companion.id), "folder_id": str(left.folder.id)}
    refused(plain.post("chats/", given), 404, "not_found")
    with use_tenant(left.context):
        assert not Chat.objects.filter(owner_id=left.member.user_id, folder_id=left.folder.id).exists()


# --- folders ------------------------------------------------------------------------------------


def test_folders_lie_in_folders_but_never_in_themselves(twin: Program) -> None:
    outer = twin.post("folders/", {"name": "Outer"}).json()
    inner = twin.post("folders/", {"name": "Inner", "parent_id": outer["id"]}).json()
    assert inner["parent_id"] == outer["id"]
    circle = twin.patch(f"folders/{outer['id']}/", {"parent_id": inner["id"]})
    assert circle.status_code == 409
    assert twin.get(f"folders/{outer['id']}/").json()["parent_id"] is None


# --- trail and usage ----------------------------------------------------------------------------


def test_what_a_program_did_stands_in_the_trail(twin: Program, left: World) -> None:
    chat = twin.post("chats/", {"companion_id": str(left.companion.id)}).json()
    twin.delete(f"chats/{chat['id']}/")
    told = results(twin, f"trail/?resource_type=chat&resource_id={chat['id']}")
    assert [one["action"] for one in told] == ["chats.chat.removed", "chats.chat.started"]
    assert all(left.twin.user.name in json.dumps(one) for one in told)
    assert all(one["sequence"] > 0 for one in told)
    one = twin.get(f"trail/{told[0]['id']}/")
    assert one.json() == told[0]
    later = (timezone.now() + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert results(twin, f"trail/?since={later}") == []


def test_the_trail_comes_as_a_file_and_says_so(twin: Program, left: World) -> None:
    table = twin.get("trail/export/?limit=2")
    assert table["Content-Type"].startswith("text/csv")
    assert "attachment" in table["Content-Disposition"]
    lines = twin.get("trail/export/?format=ndjson").content.decode().splitlines()
    assert all(json.loads(line)["action"] for line in lines)
    assert results(twin, "trail/?action=audit.trail.exported")


def test_usage_is_told_by_companion_and_time(twin: Program, left: World) -> None:
    (one,) = results(twin, "usage/")
    assert results(twin, f"usage/?companion={one['companion_id']}") == [one]
    assert results(twin, f"usage/?companion={left.chat.id}") == []
