from __future__ import annotations

from collections.abc import Iterator

import pytest

from byoc import endpoints


@pytest.fixture(autouse=True)
def _endpoints_are_read_anew() -> Iterator[None]:
    """Rows of a test are rolled back without anybody hearing of it."""
    endpoints.forget()
    yield
    endpoints.forget()
