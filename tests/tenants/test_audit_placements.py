"""An operator asks whether every placement still keeps organizations apart."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from companions.models import Companion
from tenants.context import use_tenant
from tenants.db.catalogue.tables import ISOLATED
from tenants.db.operations import only_own
from tenants.models import Isolation, Placement
from tenants.services.teams import create_team
from tests.fixtures.organizations import build_world
from tests.fixtures.schemas import make_schema

pytestmark = pytest.mark.django_db(transaction=True)
SCHEMA = "o_quiet_3d4e5f"


@pytest.fixture(scope="module")
def own_schema(cloned_database: str, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        make_schema(SCHEMA)


@pytest.fixture
def quiet(own_schema: None) -> Iterator[Placement]:
    """A placement with a schema of its own."""
    placement = Placement.objects.create(
        name="Quiet", schema_name=SCHEMA, isolation=Isolation.SCHEMA, capacity=1
    )
    yield placement
    Placement.objects.filter(pk=placement.pk).delete()


@contextmanager
def as_owner_did(done: str, undone: str) -> Iterator[None]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(f"SET search_path = {SCHEMA}")  # type: ignore[call-overload]
        owner.execute(done)  # type: ignore[call-overload]
        try:
            yield
        finally:
            owner.execute(undone)  # type: ignore[call-overload]


def told(*options: str) -> str:
    out = StringIO()
    call_command("audit_placements", *options, stdout=out)
    return out.getvalue()


def test_every_placement_holds(quiet: Placement) -> None:
    assert told().splitlines() == ["Main pool: holds", "Quiet: holds"]


def test_the_one_that_does_not_hold_is_named(quiet: Placement) -> None:
    out = StringIO()
    off, on = (f"ALTER TABLE chats_chat {how} ROW LEVEL SECURITY" for how in ("NO FORCE", "FORCE"))
    with as_owner_did(off, on), pytest.raises(CommandError, match="1 of 2 placements") as refusal:
        call_command("audit_placements", stdout=out)
    assert refusal.value.returncode == 1
    assert out.getvalue().splitlines() == [
        "Main pool: holds",
        "Quiet: chats_chat: row-level security is not enabled and forced",
    ]
    assert told().endswith("Quiet: holds\n")


def test_programs_read_the_same_with_figures(quiet: Placement) -> None:
    pool, own = json.loads(told("--json"))
    assert (own["name"], own["schema"]) == ("Quiet", SCHEMA)
    assert (pool["problems"], own["problems"]) == ([], [])
    assert own["figures"] == pool["figures"]
    assert own["figures"]["tables"] == own["figures"]["policies"] > 0


def test_a_placement_without_a_schema_does_not_hold(quiet: Placement) -> None:
    Placement.objects.filter(pk=quiet.pk).update(schema_name="o_nowhere")
    with pytest.raises(CommandError, match="1 of 2"):
        told()


def test_one_that_is_being_prepared_is_not_asked(quiet: Placement) -> None:
    with transaction.atomic():
        state = Placement.State.PREPARING
        Placement.objects.filter(pk=quiet.pk).update(state=state, schema_name="o_not_yet")
        assert told() == "Main pool: holds\n"


def test_a_database_that_does_not_answer_is_said_so(quiet: Placement, settings: Any) -> None:
    settings.DATABASE_OWNER_URL = "postgresql://humana_owner:wrong@127.0.0.1:1/humana"
    with pytest.raises(CommandError, match="2 of 2"):
        told()


def test_rows_older_than_the_policy_that_name_a_stranger_are_told_and_stay(cloned_database: str) -> None:
    ours, theirs = (build_world(f"{name}-{uuid.uuid4().hex[:8]}") for name in ("ours", "theirs"))
    policy = "ALTER POLICY organization_isolation ON pool_main.companions_companion"
    asks = only_own("companions_companion", teams=["team_id"])
    with use_tenant(theirs.context):
        team = create_team(name="Night watch")
    with as_owner_did(f"{policy} WITH CHECK ({ISOLATED})", f"{policy} WITH CHECK ({asks})"):
        with use_tenant(ours.context):
            assert Companion.objects.filter(id=ours.companion.id).update(team_id=team.id)
    out = StringIO()
    with pytest.raises(CommandError, match="1 of "):
        call_command("audit_placements", stdout=out)
    line = f"companions_companion: 1 rows of the organization {ours.organization.id} name a member or a team"
    assert f"Main pool: {line} of another" in out.getvalue()
    with use_tenant(ours.context):
        assert Companion.objects.filter(team_id=team.id).update(team_id=None), "told, and still there"
    assert "Main pool: holds" in told()
