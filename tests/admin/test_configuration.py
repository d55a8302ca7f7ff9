"""Operators say what holds for everybody, and for the organization in hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenants.config.resolver import resolve_for
from tenants.config.snapshot import snapshot
from tenants.config_keys import SESSION_AGE
from tenants.context import use_tenant
from tenants.models import ConfigValue
from tests.admin.conftest import Desk, actions, problems
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
PAGE = "tenants_configvalue"


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


def test_what_holds_for_everybody(operator: Desk, left: World) -> None:
    answer = operator.edit(PAGE, key="session.max_age", text="3600", cap_text="7200")
    assert answer.status_code == 302, problems(answer)
    row = ConfigValue.objects.get()
    assert (row.layer, row.set_by, row.cap) == ("global", "olga@humana.example", 7_200)
    snapshot.forget()
    assert resolve_for(left.organization.id, SESSION_AGE) == 3_600
    assert operator.edit(PAGE, row.id, text="1800").status_code == 302
    snapshot.forget()
    assert resolve_for(left.organization.id, SESSION_AGE) == 1_800
    assert operator.delete(PAGE, row.id).status_code == 302
    assert not ConfigValue.objects.exists()


def test_what_holds_in_the_organization_in_hand(operator: Desk, left: World) -> None:
    operator.take(left)
    assert operator.edit(PAGE, key="session.max_age", text="600").status_code == 302
    with use_tenant(left.context):
        assert ConfigValue.objects.get().layer == "organization"
    snapshot.forget()
    assert resolve_for(left.organization.id, SESSION_AGE) == 600
    assert resolve_for(None, SESSION_AGE) == SESSION_AGE.default
    assert "config.changed" in actions(left)
    operator.let_go()
    assert list(operator.get(PAGE).context["cl"].result_list) == []


def test_what_cannot_be_is_told_at_its_field(operator: Desk) -> None:
    assert "text" in problems(operator.edit(PAGE, key="session.max_age", text="soon"))
    assert "cap_text" in problems(operator.edit(PAGE, key="session.max_age", text="600", cap_text="x"))
    assert problems(operator.edit(PAGE, key="session.max_age", text="600", cap_text="300"))
    assert not ConfigValue.objects.exists()
