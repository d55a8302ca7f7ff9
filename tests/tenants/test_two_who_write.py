"""Two who write at once in an organization's own database: one is told to come again, not that it is away."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import OperationalError

from tenants.db.refusals import refusal
from tests.peers.mariadb import MariaDB


def as_django_raises(cause: Exception) -> OperationalError:
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


def test_a_locked_file_is_busy(tmp_path: Path) -> None:
    file = tmp_path / "rows.sqlite3"
    with closing(sqlite3.connect(file)) as one, closing(sqlite3.connect(file, timeout=0)) as other:
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as locked:
            other.execute("CREATE TABLE shelf (book text)")
    told = refusal(as_django_raises(locked.value), "rows")
    assert told is not None
    assert (told.code, told.retry_after) == ("busy", 5)


def test_a_deadlock_is_busy_and_the_other_one_writes(mariadb: MariaDB) -> None:
    with mariadb.another_database("two_who_write"):
        with closing(mariadb.connect("two_who_write")) as before, before.cursor() as cursor:
            cursor.execute("CREATE TABLE shelf (id int PRIMARY KEY, books int)")
            cursor.execute("INSERT INTO shelf VALUES (1, 0), (2, 0)")
        met, failed = Barrier(2, timeout=20), []
        both = [Thread(target=add_books, args=(mariadb, met, failed, order)) for order in ((1, 2), (2, 1))]
        for one in both:
            one.start()
        for one in both:
            one.join()
        with closing(mariadb.connect("two_who_write")) as after, after.cursor() as cursor:
            cursor.execute("SELECT books FROM shelf")
            assert cursor.fetchall() == ((1,), (1,))
    (lost,) = failed
    told = refusal(as_django_raises(lost), "rows")
    assert told is not None
    assert told.code == "busy"


def add_books(server: MariaDB, met: Barrier, failed: list[Any], order: tuple[int, int]) -> None:
    """To both shelves, in this order; nobody begins with the second before the other has begun."""
    with closing(server.connect("two_who_write")) as connection, connection.cursor() as cursor:
        try:
            connection.begin()
            for at, shelf in enumerate(order):
                if at:
                    met.wait()
                cursor.execute("UPDATE shelf SET books = books + 1 WHERE id = %s", [shelf])
            connection.commit()
        except connection.OperationalError as error:
            failed.append(error)
