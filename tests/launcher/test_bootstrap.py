"""`database_bootstrap`: an outside server becomes one that Humana can work on."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command

from tests.plugins.services import Services

ROLES = ("outside_owner", "outside_app", "outside_admin")


@pytest.fixture
def server(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Host and port of a server that knows nothing of the database `outside`."""
    if services.postgres is None:
        pytest.skip("needs the embedded server, whose superuser we know")
    place = f"127.0.0.1:{services.postgres.port}"
    monkeypatch.setenv("DATABASE_OWNER_URL", f"postgresql://outside_owner:o%40o@{place}/outside")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://outside_app:a@{place}/outside")
    yield place
    with services.postgres.connect("postgres") as admin:
        admin.execute("DROP DATABASE IF EXISTS outside")
        for role in ROLES:
            admin.execute(f"DROP ROLE IF EXISTS {role}")


def bootstrap(admin_url: str) -> str:
    said = StringIO()
    call_command("database_bootstrap", admin_url=admin_url, stdout=said, stderr=said)
    return said.getvalue()


def test_bootstrap_can_be_repeated_and_gives_each_role_its_rights(server: str, services: Services) -> None:
    assert services.postgres is not None
    for _ in range(2):
        assert "outside is ready" in bootstrap(services.postgres.url("postgres", "postgres"))
    with (
        psycopg.connect(f"postgresql://outside_owner:o%40o@{server}/outside") as owner,
        psycopg.connect(f"postgresql://outside_app:a@{server}/outside", autocommit=True) as app,
    ):
        owner.execute("CREATE TABLE notes (id serial, text text)")
        owner.execute("CREATE SCHEMA pool")
        owner.commit()
        app.execute("INSERT INTO notes (text) VALUES ('hello')")
        for forbidden in ("TRUNCATE notes", "CREATE TABLE mine ()", "CREATE SCHEMA mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)
        known = {name for (name,) in app.execute("SELECT extname FROM pg_extension")}
        assert {"vector", "pg_trgm", "unaccent"} <= known


def test_an_administrator_without_superuser_is_enough(server: str, services: Services) -> None:
    assert services.postgres is not None
    with services.postgres.connect("postgres") as superuser:
        superuser.execute("CREATE ROLE outside_admin LOGIN CREATEROLE CREATEDB PASSWORD 'x'")
    for _ in range(2):
        said = bootstrap(f"postgresql://outside_admin:x@{server}/postgres")
        assert "outside is ready" in said
    with psycopg.connect(f"postgresql://outside_app:a@{server}/outside") as app:
        assert app.execute("SELECT has_schema_privilege('public', 'USAGE')").fetchone() == (True,)


def test_a_superuser_is_refused_as_a_role_of_humana(
    server: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert services.postgres is not None
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres:a@{server}/outside")
    with pytest.raises(CommandError, match="row-level security"):
        bootstrap(services.postgres.url("postgres", "postgres"))


def test_one_role_for_both_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://outside_owner:o%40o@{server}/outside")
    with pytest.raises(CommandError, match="two different roles"):
        bootstrap(f"postgresql://nobody@{server}/postgres")


def test_addresses_are_printed_by_role(server: str) -> None:
    for role, name in (("owner", "outside_owner"), ("app", "outside_app")):
        said = StringIO()
        call_command("database_url", role=role, stdout=said)
        assert urlsplit(said.getvalue().strip()).username == name
