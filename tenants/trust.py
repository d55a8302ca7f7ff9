"""What is so where an organization's content is kept, as facts that can be read and not changed here."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.config.resolver import resolve_for
from tenants.config_keys import ENCRYPTION_LEVEL, KEY_DAYS, PASSWORD_LENGTH, SESSION_AGE
from tenants.models import Organization

Fact = tuple[str, str]


def facts_of(organization: Organization) -> list[Fact]:
    """Terms and what holds of each, in the reader's language. Runs inside the organization."""
    return [*_where(organization), *_rules(organization), *_signing_in(organization)]


def _where(organization: Organization) -> list[Fact]:
    place = organization.placement
    facts = [
        (_("Isolation"), str(place.get_isolation_display())),
        (_("Database"), str(place.get_engine_display())),
    ]
    zone = organization.zone or place.zone
    return [*facts, (_("Zone"), zone)] if zone else facts


def _rules(organization: Organization) -> list[Fact]:
    days = organization.retention_days
    kept = ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else _("for good")
    level = resolve_for(organization.id, ENCRYPTION_LEVEL)
    return [
        (_("Regulations"), ", ".join(organization.regulations) or _("none named")),
        (_("The trail is kept"), kept),
        (_("Encryption of the trail"), ENCRYPTION_LEVEL.kind.shown(level)),
        (
            _("Keys and passwords of endpoints"),
            _("sealed for this organization alone, and never shown again"),
        ),
    ]


def _signing_in(organization: Organization) -> list[Fact]:
    keys = resolve_for(organization.id, KEY_DAYS)
    return [
        (_("Longest session"), SESSION_AGE.kind.shown(resolve_for(organization.id, SESSION_AGE))),
        (_("Shortest password"), PASSWORD_LENGTH.kind.shown(resolve_for(organization.id, PASSWORD_LENGTH))),
        (_("Longest life of an API key"), KEY_DAYS.kind.shown(keys)),
    ]
