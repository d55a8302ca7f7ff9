"""Documents of a mixed organization: each lives beside its folder or its companion, and nowhere else."""

from __future__ import annotations

import uuid

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Outbox
from byoc.storage import erase_platform
from documents.models import Chunk, Document, DocumentFile
from documents.services import indexing, purging
from tenants.context import use_tenant
from tenants.jobs import headers_for
from tests.fixtures.mixed import IN_DATABASE, Mixed

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = b"# Plano\n\nRosas e lavanda.\n"


def test_a_document_is_kept_read_listed_and_given_out_where_its_companion_lives(mixed: Mixed) -> None:
    program, headers = Client(), {"authorization": f"Bearer {mixed.key}"}
    companion = str(mixed.companions[IN_DATABASE].id)
    folder = program.post(
        "/api/v1/folders/",
        {"name": "Apart", "companion_id": companion},
        content_type="application/json",
        headers=headers,
    ).json()["id"]

    def send(name: str, **told: str) -> str:
        sent = {"file": SimpleUploadedFile(name, PLAN), **told}
        answer = program.post("/api/v1/documents/", sent, headers=headers)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    apart, beside, home = (
        send("apart.md", folder_id=folder),
        send("beside.md", companion_id=companion),
        send("home.md"),
    )
    chat = mixed.start(IN_DATABASE, "Budget")
    sent = {"files": SimpleUploadedFile("chat.md", PLAN), "chat_id": str(chat.id)}
    row = mixed.client.post(mixed.address("documents/upload/"), sent, headers={"HX-Request": "true"})
    assert row.status_code == 201
    there = mixed.elsewhere(IN_DATABASE)
    with use_tenant(there):
        assert set(Document.objects.values_list("name", flat=True)) == {"apart.md", "beside.md", "chat.md"}
        assert Outbox.objects.filter(task=indexing.INDEX).count() == 3
    with use_tenant(mixed.context):
        assert list(DocumentFile.objects.values_list("name", flat=True)) == ["home.md"]

    arguments = {"document_id": apart}
    for task in (indexing.INDEX, indexing.EMBED):
        signed = headers_for(task, mixed.organization.id, arguments, placement_id=there.placement.id)
        current_app.tasks[task].apply(kwargs=arguments, headers=signed, throw=True)
    one = f"/api/v1/documents/{apart}/"
    assert program.get(one, headers=headers).json()["state"] == "ready"
    assert program.get(f"{one}passages/", headers=headers).json()["results"][0]["place"] == "Plano"
    url = program.get(f"{one}file/", headers=headers).json()["url"]
    assert b"".join(program.get(url)) == PLAN

    def listed(query: str = "") -> list[str]:
        found = program.get(f"/api/v1/documents/?{query}", headers=headers).json()
        assert found["silent"] == []
        return [row["name"] for row in found["results"]]

    assert listed() == ["apart.md", "chat.md", "home.md", "beside.md"]
    assert listed(f"folder={folder}") == ["apart.md"]
    assert listed("state=ready") == ["apart.md"]
    assert listed("q=plano") == ["apart.md"]
    assert set(listed("limit=1")) == {"apart.md"}

    assert program.delete(one, headers=headers).status_code == 204
    assert listed("trash=true") == ["apart.md"]
    with use_tenant(there):
        purging.purge(uuid.UUID(apart))
        assert not Chunk.objects.filter(source_id=apart).exists()
    assert {beside, home} <= {
        row["id"] for row in program.get("/api/v1/documents/", headers=headers).json()["results"]
    }
    erase_platform(mixed.organization.id)
