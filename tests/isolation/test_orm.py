"""Every tenant-plane model × everything the ORM can do × every pair of placements, from next door."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import use_tenant
from tests.fixtures.organizations import World
from tests.fixtures.rows import MAKERS
from tests.isolation.cells import INSIDE, MODELS, OUTSIDE, Case, leak
from tests.isolation.worlds import every_isolation, every_pair_both_ways

pytestmark = pytest.mark.django_db
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def test_every_tenant_model_has_a_row_in_the_matrix() -> None:
    assert set(MODELS) == set(MAKERS), "give each model a maker in tests/fixtures/rows.py"


@every_pair_both_ways
@pytest.mark.parametrize("cell", INSIDE)
def test_nothing_crosses(cell: str, left: World, right: World) -> None:
    found = {model._meta.label: leak(cell, Case(model, here=right, there=left)) for model in MODELS}
    assert {label: problem for label, problem in found.items() if problem} == {}


@every_isolation
@every_model
def test_every_cell_would_work_at_home(model: type[Any], left: World) -> None:
    """The matrix is no proof if its rows could not be read and changed by those they belong to."""
    with use_tenant(left.context):
        mine = model.everything.get(pk=left.row(model).pk)
        assert mine.organization_id == left.organization.id
        assert model.objects.filter(pk=mine.pk).exists()


@pytest.mark.in_turn(7)
@every_isolation
@pytest.mark.parametrize("cell", OUTSIDE)
def test_nothing_works_outside_an_organization(cell: str, left: World, right: World) -> None:
    found = {model._meta.label: leak(f"outside.{cell}", Case(model, right, left)) for model in MODELS}
    assert {label: problem for label, problem in found.items() if problem} == {}
