"""`manage.py move_organization SLUG --to schema`: carried while its people work, then proved equal."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana.kernel.errors import HumanaError
from tenants.management.bar import wipe
from tenants.management.working import work
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.services.placing import jobs, leaving, moving

BACK = "back"


class Command(BaseCommand):
    help = (
        "Moves an organization to another placement. Cut off, it goes on by itself (a worker's sweep), or"
        " here with --resume; the source is kept for HUMANA_ROLLBACK_HOURS, and --to back returns to it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--to",
            choices=[*Isolation.values, BACK],
            help="a pool (row), a schema or a database of its own, or back where it came from",
        )
        what.add_argument("--resume", action="store_true", help="go on with a move that stopped")
        what.add_argument("--undo", action="store_true", help="give up a move that has not arrived")
        what.add_argument(
            "--abandon",
            action="store_true",
            help="go on without a server that what was left cannot be cleared at; the report says where",
        )
        parser.add_argument("--pool", metavar="NAME", help="with --to row: this one")
        parser.add_argument(
            "--database", metavar="ALIAS", help="with --to database: one that the organization brought"
        )
        parser.add_argument("--later", action="store_true", help="leave the work to a worker")
        parser.add_argument("--json", action="store_true", help="the report, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = _organization(options["slug"])
        try:
            job = self._job(organization, options)
            if options["later"]:
                self.stdout.write(f"Left to a worker: job {job.id}.")
                return
            work(job, out=self.stdout, problems=self.stderr)
        except HumanaError as error:
            raise CommandError(str(error)) from None
        self._conclude(PlacementJob.objects.get(id=job.id), options)

    def _job(self, organization: Organization, options: dict[str, Any]) -> PlacementJob:
        later: bool = options["later"]
        if options["undo"]:
            return moving.undo(job=_live(organization), later=later)
        if options["abandon"]:
            job = _stopped_clearing(organization)
            leaving.abandon(job=job)
            return job
        if options["resume"]:
            job = _live(organization)
            jobs.try_again(job=job)
            return job
        if options["to"] == BACK:
            return moving.move_back(organization=organization, later=later)
        return moving.move(
            organization=organization,
            isolation=options["to"],
            pool=_pool(options["pool"]) if options["pool"] else None,
            database=options["database"],
            later=later,
        )

    def _conclude(self, job: PlacementJob, options: dict[str, Any]) -> None:
        if options["json"]:
            told = {"job": str(job.id), "state": job.state, "report": job.report, "signature": job.signature}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if job.state == PlacementJob.State.RUNNING:
            raise CommandError("A worker is at it already: watch it among the placement jobs.")
        if job.state != PlacementJob.State.DONE:
            raise CommandError(f"Stopped at “{job.step}”: {job.error} Then --resume or --undo.")
        if not options["json"]:
            self.stdout.write(f"{wipe(self.stdout)}{_told(job)}")


def _told(job: PlacementJob) -> str:
    if leaving.LEFT_AT in job.report:
        return f"{job.slug}: rows are left at {', '.join(job.report[leaving.LEFT_AT])}."
    if job.kind == PlacementJob.Kind.CLEAR:
        return f"{job.slug}: given up; nothing of the move is left."
    until = f"; the source is kept until {job.keep_until:%Y-%m-%d %H:%M} UTC" if job.keep_until else ""
    target = job.target.name if job.target else ""
    frozen = job.report.get("freeze_ms", 0)
    return (
        f"{job.slug}: moved to {target}, {job.report['rows']} rows equal on both sides,"
        f" nobody could write for {frozen} ms{until}."
    )


def _organization(slug: str) -> Organization:
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no organization {slug}.")
    return found


def _live(organization: Organization) -> PlacementJob:
    jobs_of = PlacementJob.objects.filter(organization=organization, kind=PlacementJob.Kind.MOVE)
    found = jobs_of.filter(state__in=PlacementJob.LIVE).first()
    if found is None:
        raise CommandError(f"{organization.slug} is not being moved.")
    return found


def _stopped_clearing(organization: Organization) -> PlacementJob:
    jobs_of = PlacementJob.objects.filter(organization=organization, kind=PlacementJob.Kind.CLEAR)
    found = jobs_of.filter(state=PlacementJob.State.FAILED).first()
    if found is None:
        raise CommandError(f"{organization.slug} has nothing to clear that stopped.")
    return found


def _pool(name: str) -> Placement:
    found = Placement.objects.filter(name=name, isolation=Isolation.ROW).first()
    if found is None:
        raise CommandError(f"There is no pool “{name}”.")
    return found
