"""A program reads, looks ahead and publishes what companions inherit; it names only what is its own."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.http import HttpResponse

from companions.models import Policy, PolicyVersion
from companions.services.prompting import prepare_prompt
from tenants.context import use_tenant
from tenants.models import Team
from tests.api.conftest import Program, refused
from tests.fixtures.organizations import World
from tests.isolation.snapshots import everything_of

pytestmark = pytest.mark.django_db

RULE = {"name": "Privacy", "regulation": "LGPD", "requirement": "Never ask for a CPF."}
PII = [{"kind": "pii", "stage": "input", "classes": ["cpf"]}]


def told(answer: HttpResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def test_a_policy_from_preview_to_history(twin: Program, left: World) -> None:
    clara = str(left.companion.id)
    wanted = RULE | {"audience": {"companions": [clara]}, "checks": PII, "mode": "monitor"}
    before = everything_of(left)
    preview = told(twin.post("policies/preview/", wanted))
    assert everything_of(left) == before
    assert (preview["companions"], preview["newly_covered"], preview["checks_change"]) == (1, 1, 1)
    (change,) = preview["changes"]
    assert (change["companion"], change["coverage"]) == ({"id": clara, "name": "Clara"}, "new")
    assert "+- LGPD: Never ask for a CPF." in change["diff"]
    made = twin.post("policies/", wanted)
    kept = told(made, 201)
    assert (kept["audience"], kept["checks"], kept["mode"]) == ({"companions": [clara]}, PII, "monitor")
    address = f"policies/{kept['id']}/"
    with use_tenant(left.context):
        assert "- LGPD: Never ask for a CPF." in prepare_prompt(left.companion).text
    looked = told(twin.post(address + "preview/", {"audience": {}}))
    assert looked["newly_covered"] == 0
    changed = told(twin.patch(address, {"requirement": "Initials only."}, if_match=made["ETag"]))
    assert (changed["version"], changed["checks"]) == (2, PII), "what is not sent stays"
    refused(twin.patch(address, {"active": False}, if_match=made["ETag"]), 412, "stale_version")
    versions = told(twin.get(address + "versions/"))["results"]
    assert [(one["number"], one["requirement"], one["name"]) for one in versions] == [
        (2, "Initials only.", "Privacy"),
        (1, "Never ask for a CPF.", "Privacy"),
    ]
    assert {one["published_by"] for one in versions} == {str(left.twin.user_id)}
    again = told(twin.post(f"{address}versions/{versions[1]['id']}/restore/"))
    assert (again["version"], again["requirement"]) == (3, "Never ask for a CPF.")


@pytest.mark.parametrize("kind", ["teams", "positions", "companions"])
def test_what_is_not_ones_own_is_missing_also_deep_in_a_body(
    twin: Program, left: World, right: World, kind: str
) -> None:
    """As what is nobody's, in publishing and in looking ahead alike; and nothing has happened."""
    theirs = right.companion.id
    if kind == "teams":
        with use_tenant(right.context):
            theirs = Team.objects.create(organization=right.organization, name="Night watch").id
    own = f"policies/{left.row(Policy).pk}/"
    before = everything_of(left), everything_of(right)
    for method, path in (
        ("POST", "policies/"),
        ("POST", "policies/preview/"),
        ("POST", own + "preview/"),
        ("PATCH", own),
    ):
        answers = [
            twin.send(method, path, RULE | {"audience": {kind: [str(one)]}}) for one in (theirs, uuid.uuid4())
        ]
        for answer in answers:
            refused(answer, 404, "not_found", f"audience.{kind}")
    assert (everything_of(left), everything_of(right)) == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"audience": {"people": []}}, "people"),
        ({"audience": {"teams": []}}, "audience"),
        ({"checks": [*PII, {"kind": "pii", "stage": "input", "classes": ["dna"]}]}, "checks[1].classes[0]"),
        ({"mode": "shout"}, "mode"),
        ({"requirement": 7}, "requirement"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_wrong(
    twin: Program, left: World, wrong: dict[str, Any], field: str
) -> None:
    before = everything_of(left)
    for path in ("policies/", "policies/preview/"):
        answer = twin.post(path, RULE | wrong)
        assert answer.status_code == 422
        assert json.loads(answer.content)["error"]["field"] == field
    assert everything_of(left) == before


def test_values_and_the_brand(twin: Program, left: World) -> None:
    preview = told(twin.post("values/preview/", {"title": "Haste", "description": "now"}))
    assert "+- Haste: now" in preview["changes"][0]["diff"]
    made = told(twin.post("values/", {"title": "Haste", "description": "now", "position": 0}), 201)
    address = f"values/{made['id']}/"
    assert (
        "+- Haste: later"
        in told(twin.post(address + "preview/", {"description": "later"}))["changes"][0]["diff"]
    )
    assert told(twin.patch(address, {"description": "later"}))["version"] == 2
    assert made["id"] in [one["id"] for one in told(twin.get("values/"))["results"]]
    assert twin.delete(address).status_code == 204
    assert twin.get(address).status_code == 404
    brand = twin.get("brand/")
    looked = told(twin.post("brand/preview/", {"style": "short"}))
    assert looked["prompts"] == looked["of"]
    assert told(twin.patch("brand/", {"style": "short"}, if_match=brand["ETag"]))["style"] == "short"
    refused(twin.patch("brand/", {"style": "long"}, if_match=brand["ETag"]), 412, "stale_version")
    assert told(twin.get("brand/versions/"))["results"][0]["style"] == "short"


def test_who_may_not_edit_them_is_told_so(plain: Program, left: World) -> None:
    with use_tenant(left.context):
        versions = PolicyVersion.objects.count()
    for path in ("policies/", "policies/preview/", "values/", "brand/preview/"):
        refused(plain.post(path, RULE), 403, "missing_permission")
    for path in ("policies/", "values/", "brand/", "brand/versions/"):
        refused(plain.get(path), 403, "missing_permission")
    with use_tenant(left.context):
        assert PolicyVersion.objects.count() == versions
