"""`manage.py audit_placements [--json]`: does each placement still keep organizations apart?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from humana.kernel.errors import HumanaError
from tenants.db import catalogue
from tenants.models import Placement
from tenants.owner import owner_connection
from tenants.services.placing.preparing import is_postgresql


class Command(BaseCommand):
    help = (
        "Reads the catalogue of every placement's schema, as its owner (DATABASE_OWNER_URL), and says"
        " what is wrong there. Changes nothing; the exit code is 1 when something is wrong."
    )
    requires_system_checks = ()  # it is asked when something may be wrong

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: with figures, as one list")

    def handle(self, *args: Any, **options: Any) -> None:
        audited = [audited_placement(placement) for placement in placements()]
        if options["json"]:
            self.stdout.write(json.dumps(audited, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(line for one in audited for line in lines(one)))
        wrong = sum(bool(one["problems"]) for one in audited)
        if wrong:
            raise CommandError(f"{wrong} of {len(audited)} placements do not keep organizations apart.")


def placements() -> list[Placement]:
    """Those that organizations live in; one that is being prepared ends with this very audit."""
    ready = Placement.objects.exclude(state=Placement.State.PREPARING)
    return [one for one in ready.order_by("name") if is_postgresql(one)]


def open_as_owner(placement: Placement) -> psycopg.Connection[Any]:
    """A connection of the role that owns the placement's tables."""
    return owner_connection(placement.database)


def audited_placement(placement: Placement) -> dict[str, Any]:
    """Name, schema, problems and figures; a database that does not answer is a problem too."""
    told: dict[str, Any] = {"name": placement.name, "schema": placement.schema_name}
    try:
        with closing(open_as_owner(placement)) as connection:
            app = connections.settings[placement.database]["USER"]
            expected = catalogue.Expected(placement.schema_name, connection.info.user, app)
            problems, figures = (
                read(connection, expected) for read in (catalogue.problems, catalogue.figures)
            )
    except (psycopg.Error, HumanaError) as error:
        return {**told, "problems": [f"the database could not be asked: {error}"], "figures": {}}
    return {**told, "problems": problems, "figures": figures}


def lines(audited: dict[str, Any]) -> list[str]:
    if not audited["problems"]:
        return [f"{audited['name']}: holds"]
    return [f"{audited['name']}: {problem}" for problem in audited["problems"]]
