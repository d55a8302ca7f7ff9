"""`manage.py remove_organization SLUG`: the organization and everything of it, wherever it lives."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana.kernel.errors import HumanaError
from tenants.management.bar import wipe
from tenants.management.working import work
from tenants.models import Organization, PlacementJob
from tenants.services.placing import jobs, leaving, removing


class Command(BaseCommand):
    help = (
        "Closes an organization at once and removes everything of it: rows, files, keys, schema or database."
        " Nothing can be brought back; a signed report stays. Cut off, call it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--yes", action="store_true", help="do not ask for the address again")
        parser.add_argument(
            "--leave-theirs",
            action="store_true",
            help="change nothing on servers that the organization brought; the report says what is there",
        )
        parser.add_argument(
            "--abandon",
            action="store_true",
            help="go on without a server that stopped it; the report says what is left there",
        )
        parser.add_argument("--later", action="store_true", help="leave the work to a worker")
        parser.add_argument("--json", action="store_true", help="the report, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            job = self._job(options)
        except HumanaError as error:
            raise CommandError(str(error)) from None
        if options["later"]:
            self.stdout.write(f"Left to a worker: job {job.id}.")
            return
        work(job, out=self.stdout, problems=self.stderr)
        self._conclude(job, as_json=options["json"])

    def _job(self, options: dict[str, Any]) -> PlacementJob:
        """The one that is at it already goes on."""
        begun = _begun(options["slug"])
        if options["abandon"]:
            if begun is None:
                raise CommandError(f"{options['slug']} is not being removed.")
            leaving.abandon(job=begun)
            return begun
        if begun is not None:
            jobs.try_again(job=begun)
            return begun
        organization = _organization(options["slug"])
        if not options["yes"]:
            self._ask(organization)
        return removing.deprovision(
            organization=organization, leave_theirs=options["leave_theirs"], later=options["later"]
        )

    def _ask(self, organization: Organization) -> None:
        self.stdout.write(
            f"“{organization.name}” and everything of it is removed, and cannot be brought back."
        )
        self.stdout.write("Type its address to go on: ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip() != organization.slug:
            raise CommandError("That is another address: nothing was removed.")

    def _conclude(self, job: PlacementJob, *, as_json: bool) -> None:
        if as_json:
            told = {"job": str(job.id), "state": job.state, "report": job.report, "signature": job.signature}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if job.state == PlacementJob.State.RUNNING:
            raise CommandError("A worker is at it already: watch it among the placement jobs.")
        if job.state != PlacementJob.State.DONE:
            raise CommandError(f"Stopped at “{job.step}”: {job.error} Then call it again, or with --abandon.")
        if not as_json:
            self.stdout.write(f"{wipe(self.stdout)}{_told(job)}")


def _told(job: PlacementJob) -> str:
    rows, files = sum(job.report["rows"].values()), job.report["files"]
    left = ", ".join(job.report.get(leaving.LEFT_AT, []))
    told = f"{job.slug}: removed, with {rows} rows of shared pools and {files} files."
    return f"{told}{f' Rows are left at {left}.' if left else ''} Its report is job {job.id}."


def _begun(slug: str) -> PlacementJob | None:
    """Also where the organization is gone by now and the rest is not."""
    return PlacementJob.objects.filter(
        slug=slug, kind=PlacementJob.Kind.REMOVE, state__in=PlacementJob.LIVE
    ).first()


def _organization(slug: str) -> Organization:
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no organization {slug}.")
    return found
