"""Files through the doors: programs send, list and fetch them, pages take them with a script and without."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from byoc.config_keys import MAX_UPLOAD_BYTES
from documents.models import Document, DocumentFile
from documents.services import indexing
from tenants.context import use_tenant
from tests.documents.filing import PLAN, kept, no_file_stays
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.tenants.test_config_effects import say

__all__ = ["no_file_stays"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_file_stays")]


class Program:
    """A key of the twin's at /api/v1/documents/."""

    def __init__(self, world: World) -> None:
        self.headers = {"authorization": f"Bearer {world.key}"}

    def send(self, content: bytes = PLAN, name: str = "plano.md", **told: Any) -> HttpResponse:
        headers = self.headers | told.pop("headers", {})
        file = SimpleUploadedFile(name, content)
        answer: HttpResponse = Client().post("/api/v1/documents/", {"file": file, **told}, headers=headers)
        return answer

    def ask(self, method: str, rest: str = "", body: Any = None, **headers: str) -> HttpResponse:
        given = (
            {"data": json.dumps(body or {}), "content_type": "application/json"} if method != "get" else {}
        )
        call = getattr(Client(), method)
        answer: HttpResponse = call(f"/api/v1/documents/{rest}", headers=self.headers | headers, **given)
        return answer


def test_programs_send_write_list_change_and_fetch(left: World) -> None:
    program = Program(left)
    made = program.send(headers={"Idempotency-Key": "one"})
    assert made.status_code == 201
    assert program.send(headers={"Idempotency-Key": "one"}).json()["id"] == made.json()["id"]
    assert program.send(b"Another.\n", headers={"Idempotency-Key": "one"}).status_code == 422
    note = program.ask(
        "post", body={"name": "Nota", "text": "Comprar **lavanda**.", "folder_id": str(left.folder.pk)}
    )
    assert (note.status_code, note.json()["name"], note.json()["state"]) == (201, "Nota.md", "ready")
    assert program.ask("post", body={"name": "Nada"}).json()["error"]["field"] == "file"
    one = f"{made.json()['id']}/"
    told = program.ask("get", one)
    assert (told.json()["state"], told.json()["size"], told.json()["media_type"]) == (
        "received", len(PLAN), "text/markdown",
    )  # fmt: skip
    assert program.ask("get", one, **{"If-None-Match": told["ETag"]}).status_code == 304
    with use_tenant(left.context):
        indexing.index(uuid.UUID(made.json()["id"]))
        indexing.embed(uuid.UUID(made.json()["id"]))
    stale = program.ask("patch", one, {"name": "Tarde"}, **{"If-Match": told["ETag"]})
    assert stale.status_code == 412, "its text came in the meantime"
    seen = program.ask("get", one)["ETag"]
    wanted = {"name": "Jardim", "folder_id": str(left.folder.pk)}
    changed = program.ask("patch", one, wanted, **{"If-Match": seen})
    assert (changed.json()["name"], changed.json()["folder_id"]) == ("Jardim.md", str(left.folder.pk))

    def listed(query: str) -> list[str]:
        return [row["name"] for row in program.ask("get", f"?{query}").json()["results"]]

    assert listed("q=lavanda") == ["Jardim.md", "Nota.md"]
    assert listed(f"folder={left.folder.pk}&q=rosas") == ["Jardim.md"]
    assert listed("state=failed") == []
    assert listed("state=ready&limit=1") == ["Jardim.md"]
    pages, there = [], "?limit=1"
    while there:
        page = program.ask("get", there).json()
        pages += [row["name"] for row in page["results"]]
        there = page["next"] and "?" + page["next"].partition("?")[2]
    assert pages[:2] == ["Jardim.md", "Nota.md"]
    assert set(pages[2:]) == {"Budget"}
    for wrong in ("state=no", "q=", "folder=1", "colour=red", "cursor=abc"):
        assert program.ask("get", f"?{wrong}").status_code == 422
    assert "lavanda" in program.ask("get", f"{one}text/").json()["text"]
    assert program.ask("get", f"{one}passages/").json()["results"][-1]["place"] == "Jardim"
    url = program.ask("get", f"{one}file/").json()["url"]
    assert b"".join(Client().get(url)) == PLAN
    assert program.ask("get", f"{note.json()['id']}/file/").status_code == 404
    assert program.ask("post", f"{one}retry/").json()["state"] == "ready"
    assert program.ask("delete", one).status_code == 204
    assert program.ask("get", one).status_code == 404
    assert listed("trash=true") == ["Jardim.md"]
    assert program.ask("post", f"{one}restore/").json()["trashed_at"] is None


def test_a_file_above_the_limit_leaves_nothing(left: World) -> None:
    say(left, MAX_UPLOAD_BYTES, 2_048)
    program = Program(left)
    assert program.send(b"x" * 2_048).status_code == 201
    refused = program.send(b"x" * 2_049)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    assert len(kept(left)) == 1


def test_a_page_sends_files_with_a_script_and_without(left: World) -> None:
    client, page = signed_in(left.twin, "en"), f"/o/{left.slug}/documents/"
    script = {"HX-Request": "true"}
    row = client.post(f"{page}upload/", {"files": SimpleUploadedFile("plano.md", PLAN)}, headers=script)
    assert (row.status_code, 'data-state="received"' in row.content.decode()) == (201, True)
    with use_tenant(left.context):
        card_id = DocumentFile.objects.get(name="plano.md").document_id
    assert f'data-poll-url="{page}{card_id}/state/"' in row.content.decode()
    with use_tenant(left.context):
        indexing.index(card_id)
        indexing.embed(card_id)
    assert 'data-state="ready"' in client.get(f"{page}{card_id}/state/").content.decode()
    assert 'data-state="ready"' in client.post(f"{page}{card_id}/state/").content.decode()
    refused = client.post(
        f"{page}upload/", {"files": SimpleUploadedFile("tool.exe", b"MZ\x90")}, headers=script
    )
    assert (refused.status_code, "are not taken" in refused.content.decode()) == (422, True)
    sent = [SimpleUploadedFile("a.txt", b"Roses."), SimpleUploadedFile("<b>.exe", b"MZ\x90")]
    told = {"files": sent, "folder_id": str(left.folder.pk), "back": "https://elsewhere.example/"}
    answer = client.post(f"{page}upload/", told, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "1 file is kept." in answer.content.decode()
    assert "&lt;b&gt;.exe: Files of this type are not taken." in answer.content.decode()
    with use_tenant(left.context):
        assert Document.objects.get(name="a.txt").folder_id == left.folder.pk
    stranger = signed_in(left.member, "en")
    for address in (f"{page}{card_id}/state/", f"{page}{card_id}/"):
        assert stranger.get(address).status_code == 404
    told = {"files": SimpleUploadedFile("a.txt", b"Roses."), "folder_id": str(left.folder.pk)}
    assert stranger.post(f"{page}upload/", told, headers=script).status_code == 404
