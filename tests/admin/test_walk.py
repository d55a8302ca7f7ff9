"""Every page of every model, walked as an operator would: none of them breaks, in either language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from byoc.models import EgressGrant, Endpoint, EndpointHealth, Failover, Notice, Probe, StorageCopy
from tenants.context import use_tenant, without_tenant
from tenants.models import (
    ConfigValue,
    Invitation,
    Organization,
    Placement,
    PlacementJob,
    Position,
    Role,
    Team,
)
from tenants.services.events import control_event
from tests.admin.conftest import Desk
from tests.admin.test_doors import PAGES, PLATFORM
from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS

pytestmark = [pytest.mark.django_db, pytest.mark.battery]

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
QUERIES = ({"q": "harb"}, {"q": "%_'\"<b>"}, {"o": "-2"}, {"p": "1"}, {"all": ""})
#: Columns whose words in Portuguese are their names.
SAME = {"id", "slug", "hash", "endpoint", "companion"}


@pytest.fixture
def inside(operator: Desk, left: World) -> Desk:
    """At work in a support session, with a row of everything."""
    operator.edit(
        "tenants_placement", Placement.objects.get(schema_name="pool_main").id, capacity=500
    )  # an event of the platform
    operator.take(left)
    operator.begin_support()
    with use_tenant(left.context):
        Position.objects.create(organization=left.organization, title="Night nurse", level=2)
        team = Team.objects.create(organization=left.organization, name="Wards")
        Team.objects.create(organization=left.organization, name="Ward 3", parent=team)
        CONTROL_MAKERS[Invitation](left, 0).save()
        Role.objects.get_or_create(organization=left.organization, slug="night", defaults={"name": "Night"})
    return operator


def row_of(desk: Desk, page: str) -> Model | None:
    rows = list(desk.get(page).context["cl"].result_list)
    return rows[0] if rows else None


@pytest.fixture(autouse=True)
def _a_job_that_stopped(left: World) -> None:
    """Setting up `left` stopped once: what an operator comes for."""
    PlacementJob.objects.create(
        organization=left.organization,
        slug=left.slug,
        kind=PlacementJob.Kind.PROVISION,
        state=PlacementJob.State.FAILED,
        step="schema",
        target=left.organization.placement,
        error="The server does not answer. Check address, port and firewall.",
        report={"seconds": {"database": 0.1}},
    )


@pytest.fixture(autouse=True)
def _endpoints_of_the_platform(left: World) -> None:
    """One, and what became of it."""
    with without_tenant(reason="a test looks at the platform's own"):
        ConfigValue.objects.create(layer="global", key="session.max_age", has_value=True, value=3_600)
        EgressGrant.objects.create(scheme="https", host="models.example", port=8443, reason="Ticket 1")
        row = Endpoint.objects.create(kind="llm", type="openai", name="Harbour cloud", state="draft")
        EndpointHealth.objects.create(
            endpoint=row, state="bad", since=NOW, probed_at=NOW, message="No answer."
        )
        Probe.objects.create(endpoint=row, at=NOW, ok=False, milliseconds=7, code="timeout")
        Failover.objects.create(endpoint=row, way="fallback", state="over", began_at=NOW, back_at=NOW)
        StorageCopy.objects.create(organization=left.organization, role="exports", state="done", found=3)
        told = {"event": "endpoint.failing", "channel": "email", "recipient": "ana@harbour.example"}
        Notice.objects.create(key="k", due_at=NOW, **told)


def ways(page: str, key: object) -> dict[str, str]:
    named = {name: reverse(f"admin:{page}_{name}", args=[key]) for name in ("change", "delete", "history")}
    return named | {"add": reverse(f"admin:{page}_add")}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_way_of_a_page(inside: Desk, left: World, page: str) -> None:
    if page in PLATFORM:
        inside.let_go()
    row = row_of(inside, page)
    assert row is not None, "there is nothing to look at"
    search_and_filter(inside, page)
    open_every_form(inside, page, row)
    history_is_told(inside, page, row)
    with override("pt-br"), use_tenant(left.context):
        assert unnamed_columns(inside, page, row) == set()


def search_and_filter(desk: Desk, page: str) -> None:
    changelist = desk.get(page).context["cl"]
    for query in QUERIES:
        assert desk.get(page, **query).status_code == 200, query
    asked = 0
    for spec in changelist.filter_specs:
        for choice in spec.choices(changelist):
            address = desk.address(page) + choice.get("query_string", "?")
            assert desk.client.get(address).status_code == 200, address
            asked += 1
    assert asked > len(changelist.filter_specs) or not PAGES[page].list_filter


def open_every_form(desk: Desk, page: str, row: Model) -> None:
    shown = {name: desk.client.get(address) for name, address in ways(page, row.pk).items()}
    assert {name: answer.status_code for name, answer in shown.items()} == {
        "change": 200,
        "history": 302,
        "add": 200 if desk.get(page).context["has_add_permission"] else 403,
        "delete": 200 if shown["change"].context["has_delete_permission"] else 403,
    }


def history_is_told(desk: Desk, page: str, row: Model) -> None:
    found = desk.client.get(ways(page, row.pk)["history"], follow=True)
    assert found.status_code == 200
    assert found.context["cl"].get_filters_params() == {"resource_id": [str(row.pk)]}
    told = [str(message) for message in found.context["messages"]]
    assert any("take it in hand" in one for one in told) == isinstance(row, Organization)


def unnamed_columns(desk: Desk, page: str, row: Model) -> set[str]:
    """Shown columns that bear the name Django made up, in English, because nobody gave them words."""
    offered: Any = PAGES[page]
    request = desk.get(page).wsgi_request
    used = {*flatten_fieldsets(offered.get_fieldsets(request, row)), *offered.list_display}
    shown = [offered.model, *(inline.model for inline in offered.inlines)]
    fields = [field for model in shown for field in model._meta.local_fields if field.name in used - SAME]
    return {field.name for field in fields if str(field.verbose_name) == field.name.replace("_", " ")}


def test_of_the_platform_the_organization_in_hand_tells_only_its_part(
    operator: Desk, left: World, right: World
) -> None:
    operator.take(left)
    told = {}
    for page, key in (
        ("tenants_user", left.owner.user_id),
        ("tenants_organization", left.organization.id),
        ("tenants_organization", right.organization.id),
    ):
        found = operator.client.get(ways(page, key)["history"], follow=True)
        told[key] = [str(message) for message in found.context["messages"]]
    assert "Let go of it" in told[left.owner.user_id][0]
    assert told[left.organization.id] == []
    assert "take it in hand" in told[right.organization.id][0]


def test_history_of_a_hostile_key_asks_for_nothing_else(inside: Desk) -> None:
    found = inside.client.get("/admin/tenants/team/x&action=y/history/")
    assert found.status_code == 302
    assert found["Location"].endswith("?resource_id=x%26action%3Dy")


def test_show_all_stands_only_where_not_all_is_shown(inside: Desk) -> None:
    assert b"Show all" not in inside.get("tenants_team").content
    assert b"Show all" in inside.get("tenants_team", q="ward").content
    assert b"Show all" in inside.get("tenants_team", is_department__exact="1").content


def test_portuguese_says_portuguese(operator: Desk, left: World) -> None:
    operator.client = Client(headers={"accept-language": "pt-BR"})
    operator.__post_init__()
    operator.take(left)
    operator.begin_support()
    for page in sorted(PAGES):
        content = operator.get(page).content.decode()
        assert "Pôr uma em mãos" in content or "Encerrar a sessão" in content, page
        for english in ("results found", "Type to search", "Created at", "Brand version", "Apply Filters"):
            assert english not in content, (page, english)


def test_json_shows_letters_and_no_tags(operator: Desk, left: World) -> None:
    key, told = left.organization.id, {"name": "Visão <b>"}
    event = control_event("test.done", "organization", key, organization_id=key, payload=told)
    operator.take(left)
    page = operator.get("tenants_controlevent", event.pk).content.decode()
    assert "&quot;name&quot;: &quot;Visão &lt;b&gt;&quot;" in page
