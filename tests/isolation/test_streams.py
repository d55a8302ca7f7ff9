"""The asynchronous doors: event streams and /v1, where no middleware of Django stands."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from byoc import gateway
from chats.doors import events, mcp, openai
from chats.models import Message
from companions.models import Companion
from humana.asgi import DOORS, application
from tenants.context import use_tenant
from tenants.models import ApiKey, Membership, User
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import every_isolation, every_pair, every_pair_both_ways

pytestmark = pytest.mark.django_db(transaction=True)
Headers = dict[str, str]
#: Every door of asyncio: what is asked there, below.
ASKED_AT = {
    openai.serve_openai: "the routes of /v1",
    events.serve_events: "a run, from page and program",
    mcp.serve_mcp: "tests/isolation/test_mcp.py",
}
QUESTION = {"model": "clara", "messages": [{"role": "user", "content": "hello"}]}
RESPOND = {"model": "clara", "input": "hello"}
NO_RESPONSE = "resp_" + "0" * 32
#: Every route of /v1 and an address of it; whoever adds one says how it is asked.
ASKED = {
    r"POST /v1/chat/completions": ("/v1/chat/completions", QUESTION),
    r"POST /v1/responses": ("/v1/responses", RESPOND),
    r"GET /v1/responses/(?P<response>[^/]+)": ("/v1/responses/{response}", None),
    r"DELETE /v1/responses/(?P<response>[^/]+)": ("/v1/responses/{response}", None),
    r"GET /v1/responses/(?P<response>[^/]+)/input_items": ("/v1/responses/{response}/input_items", None),
    r"POST /v1/embeddings": ("/v1/embeddings", {"model": "embeddings", "input": "hello"}),
    r"GET /v1/models": ("/v1/models", None),
    r"GET /v1/models/(?P<slug>.+)": ("/v1/models/clara", None),
}
every_v1_route = pytest.mark.parametrize("route", openai.ROUTES, ids=str)


def by_key(world: World) -> Headers:
    return {"authorization": f"Bearer {world.key}"}


def by_session(user: User, **headers: str) -> Headers:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", **headers}


def call(method: str, path: str, headers: Headers, body: bytes = b"") -> tuple[int, Any]:
    """Status, and the body: JSON, or text for events. Ids to quote are taken out."""
    return asyncio.run(_call(method, path, headers, body))


async def _call(method: str, path: str, headers: Headers, body: bytes) -> tuple[int, Any]:
    told: list[MutableMapping[str, Any]] = []
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "client": ("127.0.0.1", 1)}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if not waiting:
            await asyncio.Event().wait()  # the client stays
        return waiting.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    await application({**scope, "headers": pairs}, receive, send)
    await gateway.close()
    text = b"".join(message.get("body", b"") for message in told[1:]).decode()
    return told[0]["status"], _without_reference(text)


def _without_reference(text: str) -> Any:
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        answer["error"].pop("id", None)
    return answer


@pytest.fixture
def model(scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    """One that says back what it is asked, in place of the platform's."""
    with monkeypatch.context() as environment:
        environment.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
        environment.setenv("HUMANA_LLM_MODEL", "scripted")
        gateway.reload()
        yield scripted_model
    gateway.reload()


def ask(route: openai.Route, headers: Headers) -> tuple[int, Any]:
    path, body = ASKED[str(route)]
    if "{response}" in path:
        path = path.format(response=responded(headers))
    return call(route.method, path, headers, json.dumps(body).encode() if body else b"")


def responded(headers: Headers) -> str:
    """The id of a response made with this key; one that never was, where it may make none."""
    status, told = call("POST", "/v1/responses", headers, json.dumps(RESPOND).encode())
    return str(told["id"]) if status == 200 else NO_RESPONSE


def test_every_door_and_every_route_is_in_the_matrix() -> None:
    assert {serve for _path, serve in DOORS} == set(ASKED_AT)
    assert {str(route) for route in openai.ROUTES} == set(ASKED)


def events_of(world: World, run_id: object = None) -> str:
    return f"/o/{world.slug}/runs/{run_id or world.run.pk}/events"


def api_events_of(run_id: object) -> str:
    return f"/api/v1/runs/{run_id}/events"


@every_isolation
def test_a_run_is_read_by_whom_it_belongs_to(left: World) -> None:
    """The control of everything below."""
    for path, headers in [
        (events_of(left), by_session(left.twin.user)),
        (api_events_of(left.run.pk), by_key(left)),
        (api_events_of(left.run.pk), by_session(left.twin.user, **{"humana-organization": left.slug})),
    ]:
        status, told = call("GET", path, headers)
        assert (status, "event: done" in told) == (200, True)


@every_pair
def test_a_run_of_another_organization_is_missing(left: World, right: World) -> None:
    """To the twin, to whom the run belongs next door."""
    session = by_session(left.twin.user)
    named = {**session, "humana-organization": left.slug}
    for path, headers in [(events_of, session), (None, by_key(left)), (None, named)]:
        theirs, nobodys = (
            path(left, run) if path else api_events_of(run) for run in (right.run.pk, uuid.uuid4())
        )
        found = call("GET", theirs, headers)
        assert found[0] == 404
        assert found == call("GET", nobodys, headers)


@every_isolation
def test_who_is_no_member_is_refused(left: World, right: World) -> None:
    session = by_session(left.owner.user)
    refused = call("GET", events_of(right), session)
    assert refused[0] == 403
    assert refused == call("GET", f"/o/nobody-here/runs/{right.run.pk}/events", session)
    named = call("GET", api_events_of(right.run.pk), {**session, "humana-organization": right.slug})
    assert named[0] == 403
    assert named == call("GET", api_events_of(right.run.pk), {**session, "humana-organization": "no-one"})


@every_pair
def test_a_key_opens_its_own_organization_whatever_else_is_named(left: World, right: World) -> None:
    headers = {**by_key(left), **by_session(right.owner.user), "humana-organization": right.slug}
    assert call("GET", api_events_of(right.run.pk), headers)[0] == 404
    assert (call("GET", events_of(left), by_key(left)))[0] == 401


BROKEN = ["", "Bearer", "Bearer hk_" + "a" * 43, "Bearer hk_é", "Basic YTpi", "Bearer " + "x" * 9000]


@pytest.mark.parametrize("authorization", BROKEN)
def test_who_has_no_working_key_reads_no_run(authorization: str, left: World) -> None:
    assert call("GET", api_events_of(left.run.pk), {"authorization": authorization})[0] == 401


@every_v1_route
@pytest.mark.parametrize("authorization", BROKEN)
def test_who_has_no_working_key_gets_nothing(route: openai.Route, authorization: str, left: World) -> None:
    assert ask(route, {"authorization": authorization})[0] == 401


@every_v1_route
def test_a_session_opens_nothing_of_v1(route: openai.Route, left: World) -> None:
    """No page of somebody else's could make a browser ask there."""
    assert ask(route, by_session(left.owner.user, **{"humana-organization": left.slug}))[0] == 401


@every_v1_route
def test_a_key_made_for_something_else_opens_nothing_of_v1(
    route: openai.Route, left: World, model: ScriptedModel
) -> None:
    """A key without scopes does what its member may."""
    assert ask(route, by_key(left))[0] == 200
    keys = ApiKey.objects.filter(membership=left.twin)
    keys.update(scopes=["audit.read"])
    try:
        refused = ask(route, by_key(left))
        assert (refused[0], refused[1]["error"]["code"]) == (403, "missing_scope")
    finally:
        keys.update(scopes=[])


def test_a_key_dies_with_its_membership(left: World) -> None:
    assert call("GET", "/v1/models", by_key(left))[0] == 200
    for rows, change in [
        (Membership.objects.filter(pk=left.twin.pk), {"state": "suspended"}),
        (ApiKey.objects.filter(membership=left.twin), {"revoked_at": left.organization.created_at}),
        (User.objects.filter(pk=left.twin.user_id), {"is_active": False}),
    ]:
        _during(left, rows, change)


def _during(left: World, rows: Any, change: dict[str, Any]) -> None:
    before = rows.values(*change).get()
    rows.update(**change)
    try:
        assert call("GET", "/v1/models", by_key(left))[0] == 401, change
    finally:
        rows.update(**before)


@every_isolation
def test_models_are_the_companions_of_the_key(left: World, right: World) -> None:
    with use_tenant(right.context):
        theirs = Companion(slug="only-here", name="Only here", purpose="None", base_prompt="You are here.")
        theirs.save()
    status, listed = call("GET", "/v1/models", by_key(left))
    assert (status, [card["id"] for card in listed["data"]]) == (200, ["clara", "embeddings"])
    missing = call("GET", "/v1/models/only-here", by_key(left))
    assert missing[0] == 404
    assert str(missing[1]).replace("only-here", "no-one") == str(
        call("GET", "/v1/models/no-one", by_key(left))[1]
    )


@every_pair_both_ways
@pytest.mark.parametrize("stream", [False, True])
def test_a_question_stays_in_the_organization_of_the_key(
    stream: bool, left: World, right: World, model: ScriptedModel
) -> None:
    before, here = everything_of(right), messages_in(left)
    question = json.dumps({**QUESTION, "stream": stream}).encode()
    status, _told = call("POST", "/v1/chat/completions", by_key(left), question)
    assert status == 200
    assert messages_in(left) == here + 2, "the question and its answer"
    assert everything_of(right) == before


@every_pair
def test_a_response_of_another_organization_is_missing(
    left: World, right: World, model: ScriptedModel
) -> None:
    """To the twin, whose it is next door: read, let go, or gone on from."""
    theirs, before = responded(by_key(right)), messages_in(left)
    assert theirs != NO_RESPONSE
    for route in openai.ROUTES:
        path, _body = ASKED[str(route)]
        if "{response}" in path:
            found, none = (
                call(route.method, path.format(response=one), by_key(left)) for one in (theirs, NO_RESPONSE)
            )
            assert found[0] == 404
            assert found == none
    found, none = (
        call(
            "POST",
            "/v1/responses",
            by_key(left),
            json.dumps({**RESPOND, "previous_response_id": one}).encode(),
        )
        for one in (theirs, NO_RESPONSE)
    )
    assert (found[0], found[1]["error"]["code"]) == (404, "previous_response_not_found")
    assert found == none
    assert messages_in(left) == before
    assert call("GET", f"/v1/responses/{theirs}", by_key(right))[0] == 200


def messages_in(world: World) -> int:
    with use_tenant(world.context):
        return Message.everything.count()
