"""`manage.py migrate_placements`: every placement brought up to the code, one report for each."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS

from tenants.db.replay import LOCK_TIMEOUT_MS
from tenants.management.bar import draw, wipe
from tenants.services.migrating import DEADLINE, Outcome, Result, migrate_targets, targets


class Command(BaseCommand):
    help = (
        "Migrates every placement as the owner (DATABASE_OWNER_URL): planned once, replayed in each."
        " One that fails keeps no other; the next run tries it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--placement", metavar="NAME", help="only this one")
        parser.add_argument("--plan", action="store_true", help="say what is pending, change nothing")
        parser.add_argument("--check", action="store_true", help="as --plan; fails if something is pending")
        parser.add_argument("--json", action="store_true", help="the report, for programs")
        parser.add_argument(
            "--go-on",
            action="store_true",
            help="fail only where a placement in the main database did: a customer's own stops no deploy",
        )
        parser.add_argument(
            "--lock-timeout",
            type=_at_least_one,
            default=LOCK_TIMEOUT_MS,
            metavar="MS",
            help="wait so long for tables that are in use, three times; milliseconds",
        )
        parser.add_argument(
            "--deadline",
            type=_at_least_one,
            default=DEADLINE,
            metavar="S",
            help="leave a placement on a customer's server behind after so long; seconds",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = targets(options["placement"])
        if options["placement"] and not chosen:
            raise CommandError(f"There is no placement “{options['placement']}” to migrate: see its name.")
        outcomes: list[Outcome] = []
        wishes = {
            "plan_only": options["plan"] or options["check"],
            "lock_timeout_ms": options["lock_timeout"],
            "deadline": options["deadline"],
        }
        for outcome in migrate_targets(chosen, **wishes):
            outcomes.append(outcome)
            if not options["json"] and options["verbosity"]:
                self._tell(outcome, len(outcomes), len(chosen))
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(one) for one in outcomes], ensure_ascii=False))
        self._conclude(outcomes, quiet=options["json"] or not options["verbosity"], go_on=options["go_on"])
        if options["check"] and any(one.result == Result.PENDING for one in outcomes):
            raise CommandError("Migrations are pending: run migrate_placements.")

    def _tell(self, outcome: Outcome, done: int, total: int) -> None:
        """A bar on a terminal, with failures above it; a line for each placement elsewhere."""
        if not self.stdout.isatty() or outcome.result in (Result.FAILED, Result.PENDING):
            self.stdout.write(f"{wipe(self.stdout)}{_line(outcome)}")
        draw(self.stdout, done, total)

    def _conclude(self, outcomes: list[Outcome], *, quiet: bool, go_on: bool) -> None:
        counts = Counter(one.result for one in outcomes)
        if not quiet:
            told = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
            self.stdout.write(f"{wipe(self.stdout)}Placements: {told or 'none'}.")
        failed = [one for one in outcomes if one.result == Result.FAILED]
        if go_on and all(one.target.alias != DEFAULT_DB_ALIAS for one in failed):
            return
        if failed:
            raise CommandError(f"{len(failed)} of {len(outcomes)} placements were not migrated.")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("at least 1")
    return number


def _line(outcome: Outcome) -> str:
    names = " ".join(f"{app}.{name}" for app, name in outcome.migrations)
    return f"{outcome.target.placement}: {outcome.result} {outcome.problem or names}".rstrip()


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "placement": outcome.target.placement,
        "schema": outcome.target.schema,
        "database": outcome.target.alias,
        "result": outcome.result,
        "migrations": [f"{app}.{name}" for app, name in outcome.migrations],
        "problem": outcome.problem,
    }
