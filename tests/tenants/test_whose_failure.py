"""What fails while an organization is at work in a database of its own: that database, or something else."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from humana.kernel.errors import EndpointError, Unavailable
from tenants.db.refusals import refusing
from tenants.db.unreachable import unreachable


def test_a_model_that_fails_is_not_told_as_a_database_that_is_away() -> None:
    broke_off = EndpointError("The model broke off.", permanent=False)
    with pytest.raises(EndpointError) as told, refusing("rows"):
        raise broke_off
    assert told.value is broke_off


@pytest.mark.parametrize("failure", [OperationalError("gone away"), unreachable(OperationalError("gone"))])
def test_a_database_that_is_away_is_told_as_one(failure: Exception) -> None:
    with pytest.raises(Unavailable) as told, refusing("rows"):
        raise failure
    assert told.value.code == "database_unreachable"
