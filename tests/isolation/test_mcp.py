"""The door of /mcp: a tool is a companion of the key's organization, or it is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from companions.models import Companion
from tenants.context import use_tenant
from tenants.models import ApiKey, Membership, User
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.isolation.snapshots import everything_of
from tests.isolation.test_streams import BROKEN, Headers, by_key, by_session, call, messages_in, model  # noqa: F401
from tests.isolation.worlds import every_isolation, every_pair_both_ways

pytestmark = pytest.mark.django_db(transaction=True)
HTTP = {
    "host": "localhost",
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
}


def ask(method: str, headers: Headers, **params: Any) -> tuple[int, Any]:
    """Status, and the answer or the refusal of the protocol."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    status, told = call("POST", "/mcp", {**HTTP, **headers}, json.dumps(body).encode())
    if isinstance(told, str):
        told = next(json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: {"))
    return status, told


def hello(headers: Headers, name: str, **more: str) -> tuple[int, Any]:
    return ask("tools/call", headers, name=name, arguments={"message": "hello", **more})


@pytest.mark.in_turn(3)
@every_isolation
def test_tools_are_the_companions_of_the_key(left: World, right: World) -> None:
    with use_tenant(right.context):
        there = Companion(slug="over-there", name="Over there", purpose="None", base_prompt="You are there.")
        there.save()
    User.objects.filter(pk__in=[left.owner.user_id, left.member.user_id, left.twin.user_id]).update(
        language="en"
    )
    status, told = ask("tools/list", by_key(left))
    assert (status, [tool["name"] for tool in told["result"]["tools"]]) == (200, ["clara"])
    before = everything_of(right), everything_of(left)
    theirs, nobodys = hello(by_key(left), "over-there"), hello(by_key(left), "no-one")
    assert "no tool" in theirs[1]["error"]["message"]
    assert str(theirs).replace("over-there", "no-one") == str(nobodys)
    assert "error" in hello(by_key(left), "clara", companion_id=str(right.companion.id))[1]
    assert (everything_of(right), everything_of(left)) == before, "nothing happened"
    with use_tenant(right.context):
        there.delete()


@every_pair_both_ways
def test_a_call_stays_in_the_organization_of_the_key(
    left: World,
    right: World,
    model: ScriptedModel,  # noqa: F811
) -> None:
    before, here = everything_of(right), messages_in(left)
    named = {**by_key(left), "humana-organization": right.slug}
    status, told = hello(named, "clara")
    assert (status, told["result"]["isError"]) == (200, False)
    assert messages_in(left) == here + 2, "the question and its answer"
    assert everything_of(right) == before


@pytest.mark.parametrize("authorization", BROKEN)
def test_who_has_no_working_key_gets_nothing(authorization: str, left: World) -> None:
    for method in ("initialize", "tools/list", "tools/call"):
        assert ask(method, {"authorization": authorization})[0] == 401


def test_a_session_opens_nothing_and_a_key_dies_with_its_membership(left: World) -> None:
    session = by_session(left.owner.user, **{"humana-organization": left.slug})
    assert ask("tools/list", session)[0] == 401
    keys = ApiKey.objects.filter(membership=left.twin)
    for rows, change, status in (
        (keys, {"scopes": ["audit.read"]}, 403),
        (Membership.objects.filter(pk=left.twin.pk), {"state": "suspended"}, 401),
        (keys, {"revoked_at": left.organization.created_at}, 401),
        (User.objects.filter(pk=left.twin.user_id), {"is_active": False}, 401),
    ):
        before = rows.values(*change).get()
        assert ask("tools/list", by_key(left))[0] == 200
        rows.update(**change)
        try:
            for method in ("initialize", "tools/list", "tools/call"):
                assert ask(method, by_key(left))[0] == status, change
        finally:
            rows.update(**before)
