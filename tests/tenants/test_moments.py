"""A moment comes back from PostgreSQL as it was, whichever way it is written there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection
from psycopg import DataError as Unreadable

from tenants.db.backend.moments import UtcLoader

pytestmark = pytest.mark.django_db


def read(text: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT timestamptz '{text}'")
        (found,) = cursor.fetchone()
    assert isinstance(found, datetime)
    return found


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC),
        datetime(2026, 11, 27, 1, 2, 3, 400_000, tzinfo=UTC),
        datetime(2026, 11, 27, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
    ],
)
def test_it_is_the_same_in_utc(moment: datetime) -> None:
    found = read(moment.isoformat())
    assert (found, found.tzinfo) == (moment, UTC)


def test_another_zone_of_the_session_is_turned(settings: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/Sao_Paulo'")
    assert read("2026-11-27 12:00:00+00").hour == 9, "Django's own reading, which we leave alone"


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00:00+00 BC", "10000-01-01 00:00:00+00"])
def test_what_python_cannot_hold_is_refused_as_before(text: str) -> None:
    with pytest.raises((DataError, Unreadable)):
        read(text)


def test_the_quick_way_is_taken() -> None:
    connection.ensure_connection()
    assert connection.connection.adapters.get_loader(1184, 0) is UtcLoader
