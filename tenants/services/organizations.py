"""Founding an organization: a working one in the pool at once, one with a placement of its own soon."""

from __future__ import annotations

import logging
import re
import secrets
import unicodedata

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict, Invalid
from humana.kernel.text import clean_line
from tenants.context import use_tenant
from tenants.models import (
    Isolation,
    Membership,
    Organization,
    OrganizationSlug,
    Placement,
    PlacementJob,
    Plan,
    User,
)
from tenants.models.organizations import slug_rule
from tenants.services.events import control_event
from tenants.services.people import is_known
from tenants.services.placing.jobs import work_on
from tenants.services.placing.places import ISOLATION_OF_PLAN, settle
from tenants.services.placing.provision import provision

log = logging.getLogger(__name__)

#: Addresses tried before founding gives up; a second one differs from all that were seen.
MOST_TRIES = 5
RESERVED = frozenset({"admin", "api", "humana", "new", "o", "static", "health", "design", "accounts", "v1"})


def found_organization(
    *,
    name: str,
    owner: User,
    slug: str | None = None,
    plan: str = Plan.FREE,
    language: str = "",
    isolation: str | None = None,
    pool: Placement | None = None,
    furnish: bool = True,
    now: bool = False,
) -> Organization:
    """Create an organization; the address follows from the name, the isolation from the plan.

    In a pool it can be used at once. A schema or a database of its own is made by a job first: until
    then its state is `provisioning`. `now` does the job here instead of asking a worker. `pool` is a
    certain one; an owner who is new is saved along. All of it or nothing. Raises Conflict where there is
    no room, or where the address is taken, and Invalid for a name or an address that cannot be.
    """
    name = organization_name(name)
    if slug is not None:
        _require_plain(slug)
        _require_free(slug)
    wanted = Isolation.ROW if pool else isolation or ISOLATION_OF_PLAN[Plan(plan)]
    with transaction.atomic():
        if owner._state.adding:
            _save_new(owner)
        organization = Organization(name=name, plan=plan, language=language or owner.language or "pt-br")
        _settle(organization, slug, isolation=wanted, pool=pool)
        Membership.objects.create(user=owner, organization=organization, role="owner")
        if owner.primary_organization_id is None:
            owner.primary_organization = organization
            owner.save(update_fields=["primary_organization"])
        control_event(
            "organization.founded", "organization", organization.id, organization_id=organization.id
        )
        alone = organization.state == Organization.State.PROVISIONING
        job = provision(organization=organization, furnish=furnish, later=not now) if alone else None
        if job is None and furnish:
            _furnish(organization)
    if job is not None and now:
        _do_now(job)
        organization.refresh_from_db()
    return organization


def organization_name(text: str) -> str:
    """As it is kept: one line. Raises Invalid, saying what to change."""
    name = clean_line(text, field="organization", limit=120, required=False)
    if not name:
        raise Invalid(_("Give your organization a name."), field="organization")
    return name


def _save_new(owner: User) -> None:
    try:
        with transaction.atomic():
            owner.save()
    except IntegrityError:
        if not is_known(owner.email):
            raise
        raise email_taken() from None


def email_taken() -> Conflict:
    message = _("Somebody signed up with this e-mail just now. Try again.")
    return Conflict(message, field="email", code="email_taken")


def _settle(organization: Organization, slug: str | None, *, isolation: str, pool: Placement | None) -> None:
    """Save it with an address; whoever founds at the same time may be quicker, then it gets another one."""
    for _attempt in range(1 if slug else MOST_TRIES):
        organization.slug = slug or free_slug(organization.name)
        try:
            with transaction.atomic():
                settle(organization=organization, isolation=isolation, pool=pool)
            return
        except IntegrityError:
            if not _taken(organization.slug):
                raise
    raise _address_taken()


def _furnish(organization: Organization) -> None:
    """What it starts with, whole or not at all; where that fails a worker does it, and tries again."""
    try:
        with transaction.atomic(), use_tenant(organization.context):
            ports.furnish_organization(organization)
    except Exception:
        log.exception("organization not furnished yet", extra={"organization": str(organization.id)})
        provision(organization=organization)


def _do_now(job: PlacementJob) -> None:
    work_on(job.id)
    job.refresh_from_db()
    if job.state != PlacementJob.State.DONE:
        raise Conflict(job.error, code="not_provisioned")


def free_slug(name: str) -> str:
    """An unused address made of the name; never one that an organization had before."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40].strip("-") or "organization"
    candidate = base
    while candidate in RESERVED or _taken(candidate):
        candidate = f"{base}-{secrets.token_hex(3)}"
    return candidate


def rename_address(*, organization: Organization, slug: str) -> None:
    """Give the organization a new address; the old one redirects for good.

    Raises Invalid for an address that cannot be, and Conflict for one that is taken.
    """
    _require_plain(slug)
    _require_free(slug)
    try:
        with transaction.atomic():
            former = Organization.objects.select_for_update().get(id=organization.id).slug
            OrganizationSlug.objects.create(slug=former, organization=organization)
            Organization.objects.filter(id=organization.id).update(slug=slug)
            control_event(
                "organization.renamed", "organization", organization.id, organization_id=organization.id,
                payload={"from": former, "to": slug},
            )  # fmt: skip
    except IntegrityError:
        raise _address_taken() from None
    organization.slug = slug


def _require_plain(slug: str) -> None:
    try:
        slug_rule(slug)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="slug", code="bad_slug") from None


def _require_free(slug: str) -> None:
    if slug in RESERVED or _taken(slug):
        raise _address_taken()


def _address_taken() -> Conflict:
    return Conflict(_("This address is taken."), field="slug", code="slug_taken")


def _taken(slug: str) -> bool:
    """In this order: an address that is being given up is in one of the two at any time."""
    return (
        Organization.objects.filter(slug=slug).exists() or OrganizationSlug.objects.filter(slug=slug).exists()
    )
