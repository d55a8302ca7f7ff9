"""What programs see of a mixed organization: every place, and which of them did not answer."""

from __future__ import annotations

import csv
import json
import uuid
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEntry, IdempotencyKey, UsageEvent
from chats.models import Chat
from chats.queries import recent_chats
from tenants.context import use_tenant
from tenants.places import gather, within
from tests.fixtures.mixed import AT_HOME, IN_DATABASE, IN_SCHEMA, Mixed

pytestmark = pytest.mark.django_db(transaction=True)
EACH = pytest.mark.parametrize("name", [AT_HOME, IN_SCHEMA, IN_DATABASE])


@dataclass
class Program:
    """A script with a key of the owner's."""

    key: str

    def _headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Accept-Language": "en", **more}

    def get(self, address: str) -> Any:
        address = address if address.startswith("http") else f"/api/v1/{address}"
        return Client().get(address, headers=self._headers())

    def send(self, method: str, address: str, body: object, **headers: str) -> Any:
        return Client().generic(
            method,
            f"/api/v1/{address}",
            json.dumps(body),
            "application/json",
            headers=self._headers(**headers),
        )

    def post(self, address: str, body: object, **headers: str) -> Any:
        return self.send("POST", address, body, **headers)

    def walked(self, address: str) -> tuple[list[dict[str, Any]], str | None]:
        """Every row from the first page to the last, and the way back from there."""
        rows, previous = [], None
        there: str | None = address
        while there:
            page = self.get(there).json()
            rows += page["results"]
            there, previous = page["next"], page["previous"]
        return rows, previous

    def walked_back(self, address: str | None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while address:
            page = self.get(address).json()
            rows = page["results"] + rows
            address = page["previous"]
        return rows


@pytest.fixture
def program(mixed: Mixed) -> Program:
    return Program(mixed.key)


def test_the_cursor_of_chats_walks_over_every_place_and_back(mixed: Mixed, program: Program) -> None:
    for name in (IN_SCHEMA, AT_HOME, IN_DATABASE):
        mixed.start(name, "cursor")
    rows, previous = program.walked("chats/?limit=1")
    with use_tenant(mixed.context):
        whole = [str(one.id) for one in recent_chats(mixed.owner, stop=300).found]
    assert [one["id"] for one in rows] == whole
    assert [one["id"] for one in program.walked_back(previous)] == whole[:-1]


@pytest.mark.parametrize("limit", [1, 3])
def test_the_trail_is_every_place_s_each_in_the_order_of_its_chain(
    mixed: Mixed, program: Program, limit: int
) -> None:
    for name in (IN_SCHEMA, AT_HOME, IN_DATABASE, IN_SCHEMA):
        mixed.start(name, "told")
    rows, previous = program.walked(f"trail/?limit={limit}")
    with use_tenant(mixed.context):
        whole = gather(lambda: [str(one) for one in AuditEntry.objects.values_list("id", flat=True)]).found
    assert sorted(one["id"] for one in rows) == sorted(whole), "every entry once"
    assert len({one["placement_id"] for one in rows}) == 3
    for place in {one["placement_id"] for one in rows}:
        chain = [one["sequence"] for one in rows if one["placement_id"] == place]
        assert chain == sorted(chain, reverse=True)
    back = program.walked_back(previous)
    last_page = len(rows) % limit or limit
    assert sorted(one["id"] for one in back) == sorted(one["id"] for one in rows[:-last_page])


@EACH
def test_one_entry_is_read_where_it_is(mixed: Mixed, program: Program, name: str) -> None:
    chat = mixed.start(name, "told")
    (listed,) = program.get(f"trail/?resource_id={chat.id}&action=chats.chat.started").json()["results"]
    told = program.get(f"trail/{listed['id']}/")
    assert (told.status_code, told.json()) == (200, listed)
    assert program.get(f"trail/{uuid.uuid4()}/").status_code == 404


def test_a_file_of_the_trail_has_every_place(mixed: Mixed, program: Program) -> None:
    chats = {str(mixed.start(name, "filed").id) for name in (AT_HOME, IN_SCHEMA, IN_DATABASE)}
    table = program.get("trail/export/?action=chats.chat.started")
    rows = list(csv.DictReader(StringIO(table.content.decode())))
    assert chats <= {one["resource_id"] for one in rows}
    assert len({one["placement_id"] for one in rows}) == 3
    lines = program.get("trail/export/?format=ndjson&limit=2")
    assert len(lines.content.splitlines()) == 2
    assert 'rel="next"' in lines["Link"]


def test_usage_is_of_every_place(mixed: Mixed, program: Program) -> None:
    used = {}
    for name in (AT_HOME, IN_SCHEMA, IN_DATABASE):
        with use_tenant(mixed.context), within("companion_id", mixed.companions[name].id):
            used[name] = UsageEvent.objects.create(
                run_id=uuid.uuid4(), companion_id=mixed.companions[name].id, member_id=mixed.owner.id,
                endpoint="e", model="m", outcome="done",
            )  # fmt: skip
    rows, _previous = program.walked("usage/?limit=1")
    ids = [one["id"] for one in rows]
    assert [one for one in ids if one in {str(each.id) for each in used.values()}] == [
        str(used[name].id) for name in (IN_DATABASE, IN_SCHEMA, AT_HOME)
    ]


@pytest.mark.parametrize("address", ["chats/", "trail/", "usage/", "folders/"])
def test_a_list_names_the_places_that_did_not_answer(
    mixed: Mixed, program: Program, address: str, request: pytest.FixtureRequest
) -> None:
    assert program.get(address).json()["silent"] == []
    request.getfixturevalue("database_down")
    told = program.get(address)
    assert (told.status_code, told.json()["silent"]) == (200, [str(mixed.placements[IN_DATABASE].id)])


def test_so_does_a_file_and_the_entry_about_it(mixed: Mixed, program: Program, database_down: None) -> None:
    silent = str(mixed.placements[IN_DATABASE].id)
    assert program.get("trail/export/")["Humana-Silent"] == silent
    (told, *_earlier) = program.get("trail/?action=audit.trail.exported").json()["results"]
    assert told["payload"]["silent"] == [silent]


def test_the_schema_tells_of_places_that_do_not_answer(program: Program) -> None:
    told = json.loads(program.get("schema/?format=json").content)["components"]["schemas"]
    for name in ("ChatShapePage", "EntryPage", "UsagePage", "FolderShapePage"):
        assert "silent" in told[name]["required"]
    assert "silent" not in told["MessageShapePage"]["properties"]


# --- folders ------------------------------------------------------------------------------------


@EACH
def test_a_folder_is_made_beside_a_companion_and_its_chats_go_into_it(
    mixed: Mixed, program: Program, name: str
) -> None:
    companion = str(mixed.companions[name].id)
    outer = program.post("folders/", {"name": "Plans", "companion_id": companion})
    assert outer.status_code == 201, outer.content
    address = f"folders/{outer.json()['id']}/"
    inner = program.post("folders/", {"name": "More", "parent_id": outer.json()["id"]})
    assert inner.status_code == 201, inner.content
    assert program.get(address).json() == outer.json()
    assert program.send("PATCH", address, {"name": "Aims"}).json()["name"] == "Aims"
    chat = mixed.start(name, "into a folder")
    moved = program.send("PATCH", f"chats/{chat.id}/", {"folder_id": inner.json()["id"]})
    assert (moved.status_code, moved.json()["folder"]["name"]) == (200, "More")
    begun = program.post("chats/", {"companion_id": companion, "folder_id": outer.json()["id"]})
    assert (begun.status_code, begun.json()["folder"]["name"]) == (201, "Aims")
    inside = program.get(f"chats/?folder={inner.json()['id']}").json()["results"]
    assert [one["id"] for one in inside] == [str(chat.id)]
    assert program.send("DELETE", address, {}).status_code in (204, 422)


def test_folders_of_every_place_are_one_list_by_name(mixed: Mixed, program: Program) -> None:
    names = ["Zebra", "apple", "Árvore", "Beta", "beta"]
    for number, name in enumerate(names):
        companion = mixed.companions[(AT_HOME, IN_SCHEMA, IN_DATABASE)[number % 3]]
        program.post("folders/", {"name": name, "companion_id": str(companion.id)})
    rows, previous = program.walked("folders/?limit=1")
    found = [one["name"] for one in rows]
    assert set(names) <= set(found)
    assert len({one["id"] for one in rows}) == len(rows), "each once"
    assert program.walked_back(previous) == rows[:-1]
    assert rows == program.get("folders/?limit=100").json()["results"]


def test_a_folder_beside_nobody_is_not_made(program: Program) -> None:
    told = program.post("folders/", {"name": "Nowhere", "companion_id": str(uuid.uuid4())})
    assert told.status_code == 404
    assert program.post("folders/", {"name": "Nowhere", "companion_id": "x"}).status_code == 422


# --- once ---------------------------------------------------------------------------------------


@EACH
def test_a_request_sent_twice_has_one_effect_and_its_key_is_kept_beside_it(
    mixed: Mixed, program: Program, name: str
) -> None:
    """Were the key in the main place and the chat in another database, a crash could part them."""
    companion, key = mixed.companions[name], f"key-{uuid.uuid4().hex}"
    body = {"companion_id": str(companion.id), "title": f"once {key}"}
    first, second = (program.post("chats/", body, **{"Idempotency-Key": key}) for _ in range(2))
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    with use_tenant(mixed.context):
        kept = gather(lambda: list(IdempotencyKey.objects.filter(key=key)))
        with within("companion_id", companion.id):
            assert IdempotencyKey.objects.filter(key=key).count() == 1
            assert Chat.objects.filter(title=body["title"]).count() == 1
    assert len(kept.found) == 1
