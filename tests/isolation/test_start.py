"""A process whose role could step around the rules does not start, whatever else is in order."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from chats.models import Chat
from humana.checks import refuse_unsafe_start
from humana.kernel.errors import Misconfigured
from tests.architecture.catalogue import APP
from tests.fixtures.organizations import World
from tests.isolation.sql_cells import Connection, count, enter
from tests.plugins.services import Services

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("about the role of the application in PostgreSQL"),
]

#: What a careless administrator may do, how it is undone, and what we say.
GIVEN = {
    "past every policy": ("ALTER ROLE {} BYPASSRLS", "ALTER ROLE {} NOBYPASSRLS", "humana.E001"),
    "tables in public": (
        "GRANT CREATE ON SCHEMA public TO {}",
        "REVOKE CREATE ON SCHEMA public FROM {}",
        "humana.E002",
    ),
    "emptying": (
        "GRANT TRUNCATE ON public.tenants_team TO {}",
        "REVOKE TRUNCATE ON public.tenants_team FROM {}",
        "humana.E002",
    ),
    "a table of its own": (
        "CREATE TABLE public.mine (id int); ALTER TABLE public.mine OWNER TO {}",
        "DROP TABLE public.mine",
        "humana.E002",
    ),
}


@pytest.fixture
def superuser(cloned_database: str, services: Services) -> Iterator[psycopg.Connection]:
    if services.postgres is None:
        pytest.skip("on somebody else's server we are no superuser")
    with services.postgres.connect(cloned_database) as connection:
        connection.autocommit = True
        yield connection


@pytest.mark.parametrize("given", GIVEN)
def test_an_unsafe_role_is_refused(given: str, superuser: psycopg.Connection) -> None:
    give, take, code = GIVEN[given]
    refuse_unsafe_start()
    superuser.execute(sql.SQL(give).format(sql.Identifier(APP)))
    try:
        with pytest.raises(Misconfigured, match=code):
            refuse_unsafe_start()
    finally:
        superuser.execute(sql.SQL(take).format(sql.Identifier(APP)))
    refuse_unsafe_start()


def test_what_the_policies_hold_a_role_that_passes_them_would_see(
    superuser: psycopg.Connection, left: World, app_sql: Connection
) -> None:
    """Hence the refusal: with that right the role sees rows that no organization was entered for."""
    enter(app_sql, None, where=left)
    assert count(app_sql, Chat, left) == 0
    superuser.execute(sql.SQL(GIVEN["past every policy"][0]).format(sql.Identifier(APP)))
    try:
        assert count(app_sql, Chat, left) > 0
    finally:
        superuser.execute(sql.SQL(GIVEN["past every policy"][1]).format(sql.Identifier(APP)))
