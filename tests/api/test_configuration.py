"""The configuration by API: the same catalogue, the same rules, the same explanation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from tenants.config.catalogue import config_keys
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tenants.models import Team
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
LIMIT, AGE = "configuration/chats.message_limit/", "configuration/session.max_age/"


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


def told(answer: HttpResponse) -> Any:
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def test_every_key_is_listed_with_its_value_and_why(twin: Program) -> None:
    listed = {one["key"]: one for one in told(twin.get("configuration/"))["results"]}
    assert set(listed) == {name for name, key in config_keys.items() if "organization" in key.layers}
    limit = listed["chats.message_limit"]
    assert (limit["kind"], limit["value"], limit["layer"], limit["own"]) == ("int", 32_000, "default", None)


def test_a_setting_is_changed_limited_and_cleared(twin: Program) -> None:
    changed = told(twin.patch(AGE, {"value": 3_600, "cap": 7_200, "locked": True}))
    assert (changed["value"], changed["layer"], changed["locked_by"]) == (
        3_600,
        "organization",
        "organization",
    )
    assert changed["cap"]["value"] == 7_200
    assert changed["own"] == {"has_value": True, "value": 3_600, "locked": True, "cap": 7_200, "floor": None}
    assert told(twin.patch(AGE, {"cap": None}))["cap"] is None
    cleared = told(twin.delete(AGE))
    assert (cleared["layer"], cleared["own"]) == ("default", None)


def test_an_edit_names_the_version_it_saw(twin: Program) -> None:
    seen = twin.get(LIMIT)["ETag"]
    assert twin.get(LIMIT, if_none_match=seen).status_code == 304
    told(twin.patch(LIMIT, {"value": 900}, if_match=seen))
    refused(twin.patch(LIMIT, {"value": 800}, if_match=seen), 412, "stale_version")
    refused(twin.delete(LIMIT, if_match=seen), 412, "stale_version")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"value": "900"}, "bad_value", "value"),
        ({"value": 1}, "out_of_range", "value"),
        ({"value": None}, "bad_value", "value"),
        ({"cap": 900}, "not_boundable", "cap"),
        ({"locked": True, "value": 900}, "not_lockable", "locked"),
        ({"organization": "x"}, "unknown_field", "organization"),
    ],
)
def test_what_cannot_be_says_what_to_change(
    twin: Program, body: dict[str, Any], code: str, field: str
) -> None:
    refused(twin.patch(LIMIT, body), 422, code, field)


def test_a_key_that_there_is_not_is_missing(twin: Program) -> None:
    refused(twin.get("configuration/chats.nothing/"), 404, "not_found")
    refused(twin.get("me/configuration/chats.message_limit/"), 404, "not_found")


def test_members_set_their_own_only(plain: Program, left: World) -> None:
    refused(plain.get("configuration/"), 403, "missing_permission")
    refused(plain.patch(LIMIT, {"value": 900}), 403, "missing_permission")
    assert [one["key"] for one in told(plain.get("me/configuration/"))["results"]] == ["session.max_age"]
    mine = told(plain.patch("me/configuration/session.max_age/", {"value": 600}))
    assert (mine["value"], mine["layer"], mine["set_by"]) == (600, "user", "Bruno (" + plain.key[:10] + "…)")
    assert told(plain.delete("me/configuration/session.max_age/"))["layer"] == "default"


def test_a_key_for_something_else_changes_nothing(left: World) -> None:
    reader = program_of(left.twin, scopes=["config.view"])
    told(reader.get(LIMIT))
    refused(reader.patch(LIMIT, {"value": 900}), 403, "missing_scope")
    refused(reader.patch("me/configuration/session.max_age/", {"value": 600}), 403, "missing_scope")


def test_a_team_has_settings_of_its_own(twin: Program, left: World) -> None:
    with use_tenant(left.context):
        team = Team.objects.create(organization=left.organization, name="Wards")
    address = f"teams/{team.id}/configuration/llm.temperature/"
    told(twin.patch("configuration/llm.temperature/", {"cap": 1}))
    assert told(twin.patch(address, {"value": 0.5}))["layer"] == "team"
    refused(twin.patch(address, {"value": 1.5}), 422, "out_of_bounds", "value")
    assert "llm.temperature" in {
        one["key"] for one in told(twin.get(f"teams/{team.id}/configuration/"))["results"]
    }
