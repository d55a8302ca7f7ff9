"""Founding an organization: a working Free one in the pool, at once."""

from __future__ import annotations

import re
import secrets
import unicodedata

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict, Invalid
from tenants.context import use_tenant
from tenants.models import Isolation, Membership, Organization, OrganizationSlug, Placement, Plan, User
from tenants.models.organizations import slug_rule
from tenants.services.events import control_event

RESERVED = frozenset({"admin", "api", "humana", "new", "o", "static", "health", "design", "accounts", "v1"})


def found_organization(
    *,
    name: str,
    owner: User,
    slug: str | None = None,
    plan: str = Plan.FREE,
    language: str = "",
    furnish: bool = True,
) -> Organization:
    """Create an organization its owner can use at once; the address follows from the name."""
    name = name.strip()
    if not name:
        raise Invalid(_("Give your organization a name."), field="organization")
    with transaction.atomic():
        organization = Organization.objects.create(
            name=name[:120],
            slug=slug or free_slug(name),
            plan=plan,
            placement=roomiest_pool(),
            language=language or owner.language or "pt-br",
        )
        Membership.objects.create(user=owner, organization=organization, role="owner")
        if owner.primary_organization_id is None:
            owner.primary_organization = organization
            owner.save(update_fields=["primary_organization"])
        control_event(
            "organization.founded", "organization", organization.id, organization_id=organization.id
        )
    if furnish:
        with use_tenant(organization.context):
            ports.furnish_organization(organization)
    return organization


def roomiest_pool() -> Placement:
    """The least loaded pool that still takes organizations.

    The pools are locked first and counted then, so that two sign-ups cannot take one last place.
    """
    pools = Placement.objects.filter(isolation=Isolation.ROW, state=Placement.State.READY)
    ready = [pool.pk for pool in pools.select_for_update().order_by("pk")]
    counted = Placement.objects.filter(pk__in=ready).annotate(used=Count("organizations"))
    best = counted.filter(Q(capacity=None) | Q(used__lt=F("capacity"))).order_by("used", "name").first()
    if best is None:
        raise Conflict(
            _("There is no room for new organizations at the moment. Try again later."), code="no_room"
        )
    return best


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
    if slug in RESERVED or _taken(slug):
        raise Conflict(_("This address is taken."), field="slug")
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


def _taken(slug: str) -> bool:
    return (
        Organization.objects.filter(slug=slug).exists() or OrganizationSlug.objects.filter(slug=slug).exists()
    )
