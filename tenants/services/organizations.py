"""Founding an organization: a working one in the pool at once, one with a placement of its own soon."""

from __future__ import annotations

import re
import secrets
import unicodedata

from django.db import transaction
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict, Invalid
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
from tenants.services.placing.jobs import work_on
from tenants.services.placing.places import ISOLATION_OF_PLAN, settle
from tenants.services.placing.provision import provision

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
    certain one; an owner who is new is saved along. Raises Conflict where there is no room, or where
    the address is taken.
    """
    name = name.strip()
    if not name:
        raise Invalid(_("Give your organization a name."), field="organization")
    if slug is not None:
        _require_free(slug)
    wanted = Isolation.ROW if pool else isolation or ISOLATION_OF_PLAN[Plan(plan)]
    with transaction.atomic():
        if owner._state.adding:
            owner.save()
        organization = Organization(
            name=name[:120],
            slug=slug or free_slug(name),
            plan=plan,
            language=language or owner.language or "pt-br",
        )
        settle(organization=organization, isolation=wanted, pool=pool)
        Membership.objects.create(user=owner, organization=organization, role="owner")
        if owner.primary_organization_id is None:
            owner.primary_organization = organization
            owner.save(update_fields=["primary_organization"])
        control_event(
            "organization.founded", "organization", organization.id, organization_id=organization.id
        )
        alone = organization.state == Organization.State.PROVISIONING
        job = provision(organization=organization, furnish=furnish, later=not now) if alone else None
    if job is not None and now:
        _do_now(job)
        organization.refresh_from_db()
    elif job is None and furnish:
        with use_tenant(organization.context):
            ports.furnish_organization(organization)
    return organization


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
    """Give the organization a new address; the old one redirects for good."""
    slug_rule(slug)
    _require_free(slug)
    with transaction.atomic():
        OrganizationSlug.objects.create(slug=organization.slug, organization=organization)
        Organization.objects.filter(id=organization.id).update(slug=slug)
        payload = {"from": organization.slug, "to": slug}
        control_event(
            "organization.renamed",
            "organization",
            organization.id,
            organization_id=organization.id,
            payload=payload,
        )
    organization.slug = slug


def _require_free(slug: str) -> None:
    if slug in RESERVED or _taken(slug):
        raise Conflict(_("This address is taken."), field="slug")


def _taken(slug: str) -> bool:
    return (
        Organization.objects.filter(slug=slug).exists() or OrganizationSlug.objects.filter(slug=slug).exists()
    )
