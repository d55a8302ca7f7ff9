"""The databases that tests work in: who we are there, and what is left behind."""

from __future__ import annotations

import os

import psycopg
import pytest
from django.db import ProgrammingError, connection

from tests.plugins.databases import CLONE, pointing_at
from tests.plugins.services import run_database


def ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_tests_work_as_the_application_role() -> None:
    assert ask("SELECT current_user") == "humana_app"
    assert ask("SELECT current_database()") == run_database()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "forbidden", ["TRUNCATE django_session", "CREATE TABLE public.mine (id int)", "DROP TABLE django_session"]
)
def test_application_role_changes_rows_only(forbidden: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        connection.cursor() as cursor,
    ):
        cursor.execute(forbidden)


@pytest.mark.django_db(transaction=True)
def test_committing_tests_get_a_clone_that_child_processes_find() -> None:
    assert ask("SELECT current_database()") == CLONE
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        assert other.info.dbname == CLONE
        other.execute("INSERT INTO django_session VALUES ('left-behind', '', now())")


@pytest.mark.django_db(transaction=True)
def test_rows_stay_for_the_module_and_are_never_flushed() -> None:
    assert ask("SELECT count(*) FROM django_session") == 1


@pytest.mark.django_db(transaction=True)
def test_the_shared_database_saw_nothing_of_it() -> None:
    with pointing_at(run_database()):
        assert ask("SELECT current_database()") == run_database()
        assert ask("SELECT count(*) FROM django_session") == 0
    assert ask("SELECT current_database()") == CLONE
