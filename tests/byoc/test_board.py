"""The board asks for one owner's endpoints, whatever the connection would show."""

from __future__ import annotations

import pytest

from byoc.board import board, shown_one
from humana.kernel.errors import NotFound
from tenants.context import use_tenant
from tests.byoc.rows import connected
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def test_rows_of_another_owner_are_on_no_board(left: World, right: World) -> None:
    """Where row-level security lets the others' rows through, as from inside of it."""
    theirs = connected(right, "https://models.example:443/v1", name="Theirs")
    with use_tenant(right.context):
        assert [row for group in board(right.organization) for row in group.rows]
        for owner in (left.organization, None):
            assert [row for group in board(owner) for row in group.rows] == []
            with pytest.raises(NotFound):
                shown_one(owner, theirs.id)
