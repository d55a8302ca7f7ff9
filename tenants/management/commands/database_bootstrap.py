"""Prepare an outside PostgreSQL server once: roles, database, extensions, grants."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError

from humana import env
from humana.kernel.errors import HumanaError
from tenants.roles_sql import (
    Role,
    ensure_database,
    ensure_extensions,
    ensure_grants,
    ensure_role,
)

SCHEMES = ("postgresql", "postgres")


class Command(BaseCommand):
    help = (
        "Makes the roles and the database that DATABASE_OWNER_URL and DATABASE_URL name, with"
        " extensions and grants. Safe to repeat; nothing is dropped."
    )
    requires_system_checks = ()  # the database they would look at is only made here

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--admin-url",
            required=True,
            help="postgresql://… of a role that may create roles, databases and extensions",
        )
        parser.add_argument("--database", help="its name, if other than the one in DATABASE_URL")

    def handle(self, *, admin_url: str, database: str | None, **options: Any) -> None:
        try:
            owner, app = wanted_roles()
            name = database or name_in(env.required("DATABASE_URL"))
            missing = bootstrap(admin_url, name, owner=owner, app=app)
        except (psycopg.Error, HumanaError) as error:
            raise CommandError(f"Not done: {error}") from None
        for extension in missing:
            self.stderr.write(
                self.style.WARNING(
                    f"The extension {extension} is missing or not allowed here: Humana does without."
                )
            )
        self.stdout.write(f"Database {name} is ready: {owner.name} owns it, {app.name} works in it.")


def bootstrap(admin_url: str, name: str, *, owner: Role, app: Role) -> list[str]:
    """Returns the extensions that the server does not have."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        ensure_role(admin, replace(owner, may_create_databases=True))  # for organizations with their own
        ensure_role(admin, app)
        ensure_database(admin, name, owner=owner)
    inside = urlsplit(admin_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(inside, autocommit=True) as admin:
        missing = ensure_extensions(admin)
        ensure_grants(admin, owner=owner, app=app)
    return missing


def wanted_roles() -> tuple[Role, Role]:
    """The two roles as the addresses name them; CommandError when they make no sense."""
    roles = []
    for variable in ("DATABASE_OWNER_URL", "DATABASE_URL"):
        role = Role.from_url(env.url(variable, "", schemes=SCHEMES))
        if not role.name or not role.password:
            raise CommandError(f"{variable} should be like postgresql://role:password@host/name.")
        roles.append(role)
    owner, app = roles
    if owner.name == app.name:
        raise CommandError("DATABASE_OWNER_URL and DATABASE_URL should name two different roles.")
    return owner, app


def name_in(url: str) -> str:
    name = unquote(urlsplit(url).path.lstrip("/"))
    if not name:
        raise CommandError("DATABASE_URL should end in the name of a database.")
    return name
