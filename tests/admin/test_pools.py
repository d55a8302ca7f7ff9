"""By hand an operator closes a pool and opens it again; making one is not done by hand."""

from __future__ import annotations

import uuid

import pytest

from tenants.models import Placement
from tests.admin.conftest import Desk, problems

pytestmark = pytest.mark.django_db
PAGE = "tenants_placement"


@pytest.fixture
def pool(db: None) -> Placement:
    return Placement.objects.get(schema_name="pool_main")


def made(**facts: str) -> Placement:
    key = uuid.uuid4().hex[:8]
    return Placement.objects.create(name=f"Raw {key}", schema_name=f"pool_{key}", **facts)


def test_a_pool_is_closed_and_opened_again(operator: Desk, pool: Placement) -> None:
    for state in ("closed", "ready"):
        assert operator.edit(PAGE, pool.id, state=state).status_code == 302
        pool.refresh_from_db()
        assert pool.state == state


def test_what_is_not_its_state_can_be_changed_in_any(operator: Desk) -> None:
    raw = made(isolation="row", state="preparing")
    assert operator.edit(PAGE, raw.id, zone="br").status_code == 302
    raw.refresh_from_db()
    assert (raw.zone, raw.state) == ("br", "preparing")


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"isolation": "row", "state": "preparing"}, "ready"),  # without tables, and never audited
        ({"isolation": "row", "state": "preparing", "migrated": "audit:1"}, "ready"),
        ({"isolation": "row", "state": "closed"}, "ready"),
        ({"isolation": "row", "state": "ready", "migrated": "audit:1"}, "preparing"),
        ({"isolation": "schema", "state": "ready", "migrated": "audit:1"}, "closed"),
        ({"isolation": "database", "state": "closed", "migrated": "audit:1"}, "ready"),
    ],
)
def test_nothing_is_made_ready_by_hand(operator: Desk, facts: dict[str, str], wanted: str) -> None:
    placement = made(**facts)
    assert set(problems(operator.edit(PAGE, placement.id, state=wanted))) == {"state"}
    placement.refresh_from_db()
    assert placement.state == facts["state"]


@pytest.mark.parametrize("name", ["\u200f", "x" * 81, "Main pool", "  Main   pool "])
def test_a_name_that_cannot_be_is_said_at_its_field(operator: Desk, name: str) -> None:
    placement = made(isolation="row", state="closed")
    assert set(problems(operator.edit(PAGE, placement.id, name=name))) == {"name"}
