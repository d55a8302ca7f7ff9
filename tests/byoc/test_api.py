"""A program connects a model by the API, through the same services."""

from __future__ import annotations

import json
from typing import Any

import pytest

from byoc import endpoints
from tests.api.conftest import Program, program_of, refused
from tests.byoc.rows import connected, entered
from tests.byoc.test_endpoints import KEY, active, answer, created, granted
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(left: World) -> Program:
    return Program(left.key)


def body(url: str, **changes: Any) -> dict[str, Any]:
    values = {"url": url, "key": KEY, "model": "echo", "attempts": 1} | changes.pop("values", {})
    told = {"kind": "llm", "type": "custom", "name": "Our own model", "role": "primary", "values": values}
    return told | changes


def test_from_entry_to_an_answer(program: Program, left: World, scripted_model: ScriptedModel) -> None:
    granted(left, scripted_model.openai_url)
    made = program.post("endpoints/", body(scripted_model.openai_url), idempotency_key="one")
    assert made.status_code == 201, made.content
    again = program.post("endpoints/", body(scripted_model.openai_url), idempotency_key="one")
    assert json.loads(again.content)["id"] == json.loads(made.content)["id"]
    told = json.loads(made.content)
    assert (told["state"], told["kept"], "key" in told["values"]) == ("draft", ["key"], False)
    way = f"endpoints/{told['id']}/"
    refused(program.post(f"{way}activate/"), 409, "not_validated")
    look = json.loads(program.post(f"{way}validate/").content)
    assert (look["ok"], look["endpoint"]["state"]) == (True, "ready")
    assert json.loads(program.post(f"{way}activate").content)["state"] == "active"
    endpoints.forget()
    assert answer(left) == "Bom dia"
    refused(program.delete(way), 409, "endpoint_in_use")
    assert json.loads(program.post(f"{way}withdraw/").content)["state"] == "ready"
    assert program.delete(way).status_code == 204
    refused(program.get(way), 404, "not_found")


def test_a_change_is_meant_for_what_was_seen(program: Program, left: World) -> None:
    way = f"endpoints/{left.endpoint}/"
    seen = program.get(way)["ETag"]
    changed = program.patch(way, {"name": "Another", "values": {"model": "m"}}, if_match=seen)
    assert json.loads(changed.content)["values"]["model"] == "m"
    refused(program.patch(way, {"name": "Mine"}, if_match=seen), 412, "stale_version")
    refused(program.delete(way, if_match=seen), 412, "stale_version")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"organization_id": "x"}, "organization_id"),
        ({"state": "active"}, "state"),
        ({"credentials": {}}, "credentials"),
        ({"version": 9}, "version"),
        ({"values": {"owner": "x"}}, "owner"),
        ({"values": []}, "values"),
        ({"type": "none"}, "type"),
        ({"rank": -1}, "rank"),
        ({"role": "directory"}, "role"),
        ({"kind": "storage", "type": "local", "values": {"folder": "/etc"}}, "type"),
    ],
)
def test_nothing_is_assigned_by_guessing(
    program: Program, left: World, changes: dict[str, Any], field: str
) -> None:
    sent = {**body("https://models.example/v1"), **changes}
    if isinstance(changes.get("values"), dict) and "kind" not in changes:
        sent["values"] = body("https://models.example/v1")["values"] | changes["values"]
    found = program.post("endpoints/", sent)
    assert found.status_code == 422, found.content
    assert json.loads(found.content)["error"]["field"] == field
    assert entered(left) == []


def test_a_key_does_what_it_was_made_for(left: World) -> None:
    reader = program_of(left.owner, scopes=["endpoints.read"])
    assert reader.get("endpoints/").status_code == 200
    assert reader.get("health/").status_code == 200
    refused(reader.post(f"endpoints/{left.endpoint}/validate/"), 403, "missing_scope")
    refused(reader.patch(f"endpoints/{left.endpoint}/", {"name": "x"}), 403, "missing_scope")
    refused(program_of(left.member).get("endpoints/"), 403, "missing_permission")


def test_types_say_what_they_ask_for(program: Program) -> None:
    types = {
        f"{one['kind']}/{one['type']}": one
        for one in json.loads(program.get("endpoint-types/").content)["results"]
    }
    assert "storage/local" not in types, "for operators only"
    fields = {one["name"]: one for one in types["storage/s3"]["fields"]}
    assert (fields["secret_key"]["kind"], fields["secret_key"]["default"]) == ("secret", None)
    assert fields["access_key"]["sealed"]


def test_the_list_is_filtered(program: Program, left: World) -> None:
    assert len(json.loads(program.get("endpoints/?kind=llm&state=draft").content)["results"]) == 1
    assert json.loads(program.get("endpoints/?kind=storage").content)["results"] == []
    refused(program.get("endpoints/?kind=x"), 422, "bad_parameter", "kind")


def test_another_stands_in_until_it_comes_back(
    program: Program, left: World, scripted_model: ScriptedModel
) -> None:
    """By the word of a person, told on the endpoint and in the report."""
    first = active(left, scripted_model.openai_url)
    refused(program.post(f"endpoints/{first.id}/failover/"), 409, "no_stand_in")
    spare = created(left, scripted_model.openai_url, name="Our second", role="fallback")
    for way in ("validate", "activate"):
        assert program.post(f"endpoints/{spare.id}/{way}/").status_code == 200
    assert json.loads(program.post(f"endpoints/{first.id}/failover/").content)["stands_in"] == "Our second"
    assert json.loads(program.get("health/").content)["overall"] == "degraded"
    assert json.loads(program.post(f"endpoints/{first.id}/return/").content)["stands_in"] is None
    refused(program.post(f"endpoints/{first.id}/return/"), 409, "nothing_stands_in")


def test_who_lets_another_stand_in_says_which(
    program: Program, left: World, scripted_model: ScriptedModel
) -> None:
    """In the API and on the page; never one outside the zone, nor what serves something else."""
    first = connected(left, scripted_model.openai_url, zone="br")
    near = connected(left, scripted_model.openai_url, name="Near", role="fallback", zone="br")
    other = connected(left, scripted_model.openai_url, name="Other", role="fallback", zone="br", rank=1)
    far = connected(left, scripted_model.openai_url, name="Far", role="fallback", zone="us")
    embeds = connected(left, scripted_model.openai_url, name="Vectors", role="embedding", zone="br")
    left.organization.zone = "br"
    left.organization.save()
    way = f"endpoints/{first.id}/failover/"
    refused(program.post(way, {"to": str(far.id)}), 409, "outside_zone")
    refused(program.post(way, {"to": str(embeds.id)}), 409, "not_a_stand_in")
    refused(program.post(way, {"to": str(first.organization_id)}), 422, "invalid", "to")
    refused(program.post(way, {"by": str(near.id)}), 422, "unknown_field", "by")
    told = json.loads(program.get(f"endpoints/{first.id}/").content)
    assert [one["name"] for one in told["spares"]] == ["Near", "Other"]
    assert json.loads(program.post(way, {"to": str(other.id)}).content)["stands_in"] == "Other"
    program.post(f"endpoints/{first.id}/return/")
    ana, page = signed_in(left.owner), f"/o/left/settings/endpoints/{first.id}/"
    options = [one["value"] for one in Page(ana.get(page)).all("option")]
    assert options == [str(near.id), str(other.id)]
    said = Page(ana.post(f"{page}failover/", {"to": str(far.id)}, follow=True)).words
    assert "is not in the zone br" in said
    ana.post(f"{page}failover/", {"to": str(other.id)})
    assert json.loads(program.get(f"endpoints/{first.id}/").content)["stands_in"] == "Other"
