"""Endpoints from the command line: for a pipeline, and for operators who tell customers something."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from byoc import gateway
from byoc.checking import CHECKS
from byoc.contracts import Health
from byoc.models import Endpoint, Watch
from byoc.probing import Target, looks
from byoc.queries_health import inside
from byoc.services import health, notices
from byoc.services.endpoints import validate_endpoint
from humana.kernel.actor import Actor, acting_as
from tenants.context import without_tenant
from tenants.db.aliases import PREFIX
from tenants.models import Organization, Placement


class Command(BaseCommand):
    help = "Validates or probes endpoints, or tells customers who brought their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        validate = what.add_parser("validate", help="ask every endpoint; fails where one does not serve")
        probe = what.add_parser("probe", help="look at every endpoint now and keep what is found")
        for one in (validate, probe):
            one.add_argument("--organization", help="only this one; else all and the platform")
        notify = what.add_parser("notify", help="tell every customer with endpoints of their own")
        notify.add_argument("--message", required=True, help="what they are told, as it is")
        notify.add_argument("--dry-run", action="store_true", help="only say who would be told")

    def handle(self, *, what: str, **options: Any) -> None:
        acts: dict[str, Callable[..., None]] = {
            "validate": self._validate, "probe": self._probe, "notify": self._notify,
        }  # fmt: skip
        with acting_as(Actor(kind="operator", label=f"manage.py endpoints {what}")):
            acts[what](**options)

    def _validate(self, *, organization: str | None, **_: Any) -> None:
        failed = 0
        for whose in _asked_for(organization):
            for endpoint in _serving(whose):
                found = validate_endpoint(organization=whose, endpoint_id=endpoint.id)
                failed += self._tell(whose, f"{endpoint.kind}/{endpoint.role} {endpoint.name}", found)
            failed += self._environment() if whose is None else 0
        if failed:
            raise CommandError(f"{failed} of the endpoints do not serve.", returncode=1)

    def _environment(self) -> int:
        """The models that the environment names; how many do not serve."""
        targets = [Target(None, spec, gateway.environment_guard()) for spec in gateway.environment()]
        found = [look for batch in looks(targets) for look in batch]
        return sum(self._tell(None, f"llm/primary {one.target.spec.name}", one.health) for one in found)

    def _tell(self, whose: Organization | None, what: str, found: Health) -> bool:
        """One line; whether it is not well."""
        state = "ok" if found.ok else f"FAILED ({found.code})"
        said = f": {found.message}" if found.message else ""
        self.stdout.write(f"{_name(whose)} {what} {state} {found.seconds * 1000:.0f} ms{said}")
        return not found.ok

    def _probe(self, *, organization: str | None, **_: Any) -> None:
        for whose in _asked_for(organization):
            for look in health.probe_now(whose):
                self._tell(whose, f"{look.target.spec.kind} {look.target.spec.name}", look.health)

    def _notify(self, *, message: str, dry_run: bool, **_: Any) -> None:
        told = 0
        for organization in _customers():
            self.stdout.write(organization.slug)
            told += 1
            if not dry_run:
                with inside(organization):
                    notices.tell(organization.id, "notice.message", {"message": message})
        if dry_run:
            self.stdout.write(f"{told} organizations would be told.")
            return
        arrived = notices.send_due()
        self.stdout.write(
            f"{told} organizations are told; {arrived} messages have arrived, the rest is tried again."
        )


def _asked_for(slug: str | None) -> Iterator[Organization | None]:
    if slug is None:
        yield None
        with without_tenant(reason="every organization that has endpoints"):
            rows = Organization.objects.filter(id__in=Watch.objects.values("organization_id"))
            every = list(rows.select_related("placement").order_by("slug"))
        yield from every
        return
    organization = Organization.objects.select_related("placement").filter(slug=slug).first()
    if organization is None:
        raise CommandError(f"There is no organization {slug!r}.")
    yield organization


def _serving(organization: Organization | None) -> list[Endpoint]:
    """In use, or ready to be; on Humana's own server nobody brought a database."""
    with inside(organization):
        rows = Endpoint.objects.filter(organization=organization, state__in=["active", "ready"])
        rows = rows.exclude(kind=Endpoint.Kind.DATABASE, origin="")
        return [
            one
            for one in rows.order_by("kind", "role", "rank", "name")
            if one.kind in CHECKS and one.type != "webhook"
        ]


def _customers() -> Iterator[Organization]:
    """Those who brought something that serves: an endpoint in use, or a database."""
    with without_tenant(reason="every organization that may have brought something"):
        moved = Placement.objects.filter(database__startswith=f"{PREFIX}o").values("organizations__id")
        watched = Watch.objects.values("organization_id")
        may_have = Organization.objects.filter(id__in=watched) | Organization.objects.filter(id__in=moved)
        rows = list(may_have.distinct().select_related("placement").order_by("slug"))
    for organization in rows:
        with inside(organization):
            own = Endpoint.objects.filter(organization=organization)
            in_use = own.filter(state=Endpoint.State.ACTIVE).exists()
            brought = own.filter(kind="database", state="ready").exclude(origin="").exists()
        if in_use or brought:
            yield organization


def _name(organization: Organization | None) -> str:
    return organization.slug if organization else "(platform)"
