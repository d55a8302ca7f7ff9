"""A companion in a further placement: its own people find all of it, others none of it, as anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from celery import current_app

from audit.models import AuditEntry, Budget, Outbox, UsageDay, UsageEvent
from chats.models import Citation
from chats.services.forgetting import FORGET, forget_quotes
from companions.models import (
    BrandAsset,
    BrandVersion,
    Capability,
    CompanionAccess,
    CompanionMessage,
    Delivery,
    Feedback,
    Handoff,
    Interaction,
    KnowledgeAsset,
    KnowledgeVersion,
    McpServer,
    McpTool,
    Policy,
    PolicyVersion,
    SharingRule,
    ToolRule,
    ToolUse,
    Value,
)
from documents.models import DocumentFile, Share
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.jobs import headers_for
from tenants.models import Isolation
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World
from tests.isolation import nested, test_api, test_pages
from tests.isolation.mixed import FAR_PASSAGE, Far, build_far_world, nothing_stays_there, raze_far_world
from tests.isolation.routes import API, PAGES, Route, nobody, objects_of, routes
from tests.isolation.snapshots import everything_of
from tests.isolation.test_api import by_key
from tests.isolation.test_pages import BY_SLUG, NOT_LOADED, signed_in
from tests.plugins.services import Services

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.pool_only("further placements beside a main one in the pool"),
]
PLACES = [Isolation.SCHEMA, Isolation.DATABASE]
OF_API = [one for one in routes(API) if one.names_an_object]
OF_PAGES = [one for one in routes(PAGES) if one.names_an_object]


def in_turn(name: str, values: list[Any]) -> pytest.MarkDecorator:
    """Each value with the further placement in a schema, the next in a database, and so on."""
    pairs = zip(values, cycle(PLACES), strict=False)
    cases = [pytest.param(value, place, id=f"{value}-{place}") for value, place in pairs]
    return pytest.mark.parametrize((name, "far"), cases, indirect=["far"])


@pytest.fixture(scope="module")
def far_worlds(worlds: object, services: Services, django_db_blocker: Any) -> Iterator[dict[str, Far]]:
    with django_db_blocker.unblock():
        made = {place: build_far_world(f"far-{place}", place) for place in PLACES}
    yield made
    with django_db_blocker.unblock():
        aliases.forget_all()
        for world in made.values():
            raze_far_world(world, services)


@pytest.fixture
def far(request: pytest.FixtureRequest, far_worlds: dict[str, Far], db: None) -> Iterator[Far]:
    world = far_worlds[getattr(request, "param", Isolation.SCHEMA)]
    with nothing_stays_there(world):
        yield world


@pytest.mark.in_turn(7)
@in_turn("route", OF_API)
def test_the_api_finds_what_is_there(route: Route, far: Far) -> None:
    path = route.address("", objects_of(far))
    statuses = [test_api.ask(method, path, by_key(far)).status_code for method in test_api.METHODS]
    assert any(status < 300 or status in {409, 422, 428} for status in statuses), statuses


@pytest.mark.in_turn(7)
@in_turn("route", OF_PAGES)
def test_pages_find_what_is_there(route: Route, far: Far) -> None:
    if route.template in NOT_LOADED:
        return
    client, path = signed_in(far.twin.user), route.address(far.slug, objects_of(far))
    statuses = [test_pages.ask(client, method, path).status_code for method in test_pages.METHODS]
    assert any(status not in {403, 404, 405} for status in statuses), statuses


@pytest.mark.in_turn(7)
@in_turn("route", OF_API)
def test_the_api_of_another_organization_finds_none_of_it(route: Route, far: Far, left: World) -> None:
    before = everything_there(far)
    for method in test_api.METHODS:
        theirs = test_api.ask(method, route.address("", objects_of(far)), by_key(left))
        missing = test_api.ask(method, route.address("", nobody(route)), by_key(left))
        assert test_api.told(theirs) == test_api.told(missing), method
        assert theirs.status_code in {404, 405, 422}
    assert everything_there(far) == before


@pytest.mark.in_turn(7)
@in_turn("route", OF_PAGES)
def test_pages_of_another_organization_find_none_of_it(route: Route, far: Far, left: World) -> None:
    """Asked by the twin, to whom every one of these objects belongs in the mixed organization."""
    client, before = signed_in(left.twin.user), everything_there(far)
    for method in test_pages.METHODS:
        theirs = test_pages.ask(client, method, route.address(left.slug, objects_of(far)))
        if not BY_SLUG & set(route.parameters):
            missing = test_pages.ask(client, method, route.address(left.slug, nobody(route)))
            assert test_pages.told(theirs) == test_pages.told(missing)
    assert everything_there(far) == before


@pytest.mark.in_turn(3)
@in_turn("route", OF_API)
def test_who_is_no_member_finds_none_of_it(route: Route, far: Far, left: World) -> None:
    client, path = signed_in(left.owner.user), route.address("", objects_of(far))
    for method in test_api.METHODS:
        answer = getattr(client, method)(path, headers={"Humana-Organization": far.slug})
        assert answer.status_code == 403, method


def everything_there(far: Far) -> dict[str, Any]:
    return everything_of(far) | {f"there {label}": rows for label, rows in rows_there(far).items()}


def rows_there(far: Far) -> dict[str, list[dict[str, Any]]]:
    return everything_of(far.as_there())


#: The row there that each list of the API names. A new list says which.
NAMED = {
    "/api/v1/api-keys/": lambda far: objects_of(far)["key_id"],
    "/api/v1/brand/assets/": lambda far: far.row(BrandAsset).pk,
    "/api/v1/brand/versions/": lambda far: far.row(BrandVersion).pk,
    "/api/v1/capabilities/": lambda far: far.row(Capability).pk,
    "/api/v1/chats/": lambda far: far.chat.pk,
    "/api/v1/chats/{chat_id}/messages/": lambda far: far.question.pk,
    "/api/v1/companions/": lambda far: far.companion.pk,
    "/api/v1/companions/{companion_id}/feedback/": lambda far: far.row(Feedback).pk,
    "/api/v1/endpoints/": lambda far: far.endpoint,
    "/api/v1/folders/": lambda far: far.folder.pk,
    "/api/v1/documents/{document_id}/shares/": lambda far: far.row(Share).pk,
    "/api/v1/folders/{folder_id}/shares/": lambda far: far.row(Share).pk,
    "/api/v1/shares/": lambda far: far.row(Share).pk,
    "/api/v1/documents/": lambda far: far.row(DocumentFile).document_id,
    "/api/v1/documents/{document_id}/passages/": lambda far: FAR_PASSAGE,
    "/api/v1/invitations/": lambda far: objects_of(far)["invitation_id"],
    "/api/v1/me/api-keys/": lambda far: objects_of(far)["key_id"],
    "/api/v1/members/": lambda far: far.member.pk,
    "/api/v1/interactions/": lambda far: far.row(Interaction).pk,
    "/api/v1/knowledge/": lambda far: far.row(KnowledgeAsset).pk,
    "/api/v1/knowledge/{asset_id}/versions/": lambda far: far.row(KnowledgeVersion).pk,
    "/api/v1/policies/": lambda far: far.row(Policy).pk,
    "/api/v1/policies/{policy_id}/versions/": lambda far: far.row(PolicyVersion).pk,
    "/api/v1/handoffs/": lambda far: far.row(Handoff).pk,
    "/api/v1/network/deliveries/": lambda far: far.row(Delivery).pk,
    "/api/v1/network/messages/": lambda far: far.row(CompanionMessage).pk,
    "/api/v1/network/rules/": lambda far: far.row(CompanionAccess).pk,
    "/api/v1/positions/": lambda far: objects_of(far)["position_id"],
    "/api/v1/teams/": lambda far: objects_of(far)["team_id"],
    "/api/v1/tools/": lambda far: far.row(McpTool).pk,
    "/api/v1/tools/rules/": lambda far: far.row(ToolRule).pk,
    "/api/v1/tools/servers/": lambda far: far.row(McpServer).pk,
    "/api/v1/tools/uses/": lambda far: far.row(ToolUse).pk,
    "/api/v1/sharing-rules/": lambda far: far.row(SharingRule).pk,
    "/api/v1/trail/": lambda far: far.row(AuditEntry).pk,
    "/api/v1/trail/export/": lambda far: far.row(AuditEntry).pk,
    "/api/v1/usage/": lambda far: far.row(UsageEvent).pk,
    "/api/v1/usage/days/": lambda far: far.row(UsageDay).pk,
    "/api/v1/budgets/": lambda far: far.row(Budget).pk,
    "/api/v1/values/": lambda far: far.row(Value).pk,
}


def test_every_list_says_what_it_names() -> None:
    assert {one.partition("?")[0] for one in nested.lists()} == set(NAMED)


@in_turn("address", list(NAMED))
def test_every_list_of_the_api_names_what_is_there(address: str, far: Far) -> None:
    answer = test_api.ask("get", address.format(**objects_of(far)), by_key(far))
    assert answer.status_code == 200
    assert str(NAMED[address](far)) in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("chats/", "Far budget"),
        ("search/?q=far+budget", "Far budget"),
        ("companions/", "Far"),
        ("places/", "Far"),
    ],
)
def test_every_list_of_pages_names_what_is_there(address: str, named: str, far: Far) -> None:
    page = signed_in(far.twin.user).get(f"/o/{far.slug}/{address}")
    assert page.status_code == 200
    assert named in page.content.decode()


# --- what reaches every placement ---------------------------------------------------------------


def test_a_document_that_goes_for_good_takes_what_is_quoted_of_it_elsewhere_along(far: Far) -> None:
    """A conversation with a copy of an answer may live in another placement than the document."""
    with use_tenant(far.there):
        cited = Citation.objects.get(pk=far.row(Citation).pk)
        assert cited.quote
    with use_tenant(far.context):
        with tenant_atomic():
            forget_quotes(cited.source_id)
        item = Outbox.objects.get(task=FORGET)
        headers = headers_for(FORGET, far.organization.id, item.arguments)
        current_app.tasks[FORGET].apply(kwargs=item.arguments, headers=headers, throw=True)
    with use_tenant(far.there):
        assert Citation.objects.get(pk=cited.pk).quote == ""


# --- the guard that leads there -----------------------------------------------------------------


def test_without_going_there_nothing_of_it_is_found(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step of the middleware switched off: its own people miss it, and nobody finds anything else."""
    path = f"/api/v1/chats/{far.chat.pk}/"
    assert test_api.ask("get", path, by_key(far)).status_code == 200
    monkeypatch.setattr("tenants.middleware.go_where", lambda named: None)
    assert test_api.ask("get", path, by_key(far)).status_code == 404
