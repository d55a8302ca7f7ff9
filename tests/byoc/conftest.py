from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from byoc import endpoints


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Sentences are compared in English here; that each has a translation is shown elsewhere."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _endpoints_are_read_anew() -> Iterator[None]:
    """Rows of a test are rolled back without anybody hearing of it."""
    endpoints.forget()
    yield
    endpoints.forget()
