"""`manage.py audit_placements [--json]`: does each placement still keep organizations apart?"""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from humana.kernel.text import printable
from tenants.db import catalogue
from tenants.management.bar import draw, wipe
from tenants.models import Engine, Placement
from tenants.owner import owner_connection
from tenants.queries import contexts_in


class Command(BaseCommand):
    help = (
        "Reads the catalogue of every placement's schema, as its owner (DATABASE_OWNER_URL), counts rows"
        " that name a member or a team of another organization, and says what is wrong there. Changes"
        " nothing; the exit code is 1 when something is wrong."
    )
    requires_system_checks = ()  # it is asked when something may be wrong

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: with figures, as one list")

    def handle(self, *args: Any, **options: Any) -> None:
        audited = list(self._audited(quiet=options["json"]))
        if options["json"]:
            self.stdout.write(json.dumps(audited, indent=2, ensure_ascii=False))
        wrong = sum(bool(one["problems"]) for one in audited)
        if wrong:
            what = "do not keep organizations apart, or could not be asked"
            raise CommandError(f"{wrong} of {len(audited)} placements {what}.")

    def _audited(self, *, quiet: bool) -> Iterator[dict[str, Any]]:
        """One after the other, told as they come: a server far away may take its time."""
        rows = placements()
        for number, placement in enumerate(rows, 1):
            told = audited_placement(placement)
            yield told
            if not quiet:
                self._tell(told)
                draw(self.stdout, number, len(rows))
        if not quiet:
            self.stdout.write(wipe(self.stdout), ending="")

    def _tell(self, told: dict[str, Any]) -> None:
        for line in lines(told):
            self.stdout.write(f"{wipe(self.stdout)}{line}")


def placements() -> list[Placement]:
    """Those that organizations live in; one that is being prepared ends with this very audit."""
    return list(Placement.objects.exclude(state=Placement.State.PREPARING).order_by("name"))


def open_as_owner(placement: Placement) -> psycopg.Connection[Any]:
    """A connection of the role that owns the placement's tables."""
    return owner_connection(placement.database)


def audited_placement(placement: Placement) -> dict[str, Any]:
    """Name, schema, engine, problems and figures.

    Where there is no row-level security there is nothing to ask, and `append_only` is false. One that
    cannot be asked has that for a problem, whatever it raises: the others go on.
    """
    told: dict[str, Any] = {
        "name": placement.name,
        "schema": placement.schema_name,
        "engine": placement.engine,
        "append_only": placement.ref.append_only,
    }
    if not placement.ref.row_security:
        return {**told, "problems": [], "figures": {}}
    try:
        with closing(open_as_owner(placement)) as connection:
            app = connections.settings[placement.database]["USER"]
            expected = catalogue.Expected(placement.schema_name, connection.info.user, app)
            problems = catalogue.problems(connection, expected)
            problems += catalogue.named_strangers(connection, expected, _who_is_in(placement))
            figures = catalogue.figures(connection, expected)
    except Exception as error:  # noqa: BLE001 - one placement never stops the others
        return {**told, "problems": [f"the database could not be asked: {_said(error)}"], "figures": {}}
    return {**told, "problems": problems, "figures": figures}


def _who_is_in(placement: Placement) -> list[uuid.UUID]:
    here = contexts_in(alias=placement.database, schema=placement.schema_name)
    return [one.organization_id for one in here]


def lines(audited: dict[str, Any]) -> list[str]:
    if not audited["problems"]:
        return [f"{audited['name']}: {held_by(audited)}"]
    return [f"{audited['name']}: {problem}" for problem in audited["problems"]]


def held_by(audited: dict[str, Any]) -> str:
    """What holds there, and what the database cannot hold by itself."""
    if audited["engine"] != Engine.POSTGRESQL:
        engine = Engine(audited["engine"]).label
        return f"not asked: {engine} has no row-level security; one organization is alone in the database"
    return "holds" if audited["append_only"] else "holds, but for the trail: its one role could change it"


def _said(error: Exception) -> str:
    """In one line, though drivers say more."""
    return printable((str(error).strip() or type(error).__name__).splitlines()[0])
