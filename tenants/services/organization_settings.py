"""What an organization says of itself: name, language, time zone, currency, and its rules for the trail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid, StaleVersion
from tenants.context import current_tenant
from tenants.customs import known_zone
from tenants.freshness import organization_changed
from tenants.models import Membership, Organization
from tenants.models.organizations import Regulation
from tenants.permissions import MANAGE
from tenants.services.events import control_event
from tenants.services.organizations import organization_name
from tenants.services.structuring import apply, judge, version_at
from tenants.transactions import control_atomic

#: A hundred years, in days.
LONGEST = 36_500
_CURRENCY = re.compile(r"^[A-Z]{3}\Z")


class Said(TypedDict, total=False):
    """What is not given stays as it is. `retention_days` None keeps the trail for good."""

    name: str
    language: str
    time_zone: str
    currency: str
    retention_days: int | None
    regulations: Sequence[str]


def edit_organization(
    *, member: Membership, version: int | None = None, **said: Unpack[Said]
) -> Organization:
    """Change what is given; each change is told to the trail with what was there before."""
    judge(member, MANAGE)
    wanted = _judged(dict(said))
    with control_atomic():
        row = Organization.objects.select_for_update().get(id=current_tenant().organization_id)
        if version is not None and version_at(row.updated_at) != version:
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        before = {name: getattr(row, name) for name in wanted}
        changed = apply(row, wanted)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
            told = {name: {"from": before[name], "to": wanted[name]} for name in changed}
            control_event(
                "organization.changed", "organization", row.id, organization_id=row.id, payload=told
            )
    organization_changed(row.id)
    return row


def _judged(wanted: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid, saying what to change, and at which field."""
    if "name" in wanted:
        wanted["name"] = _name(wanted["name"])
    if "language" in wanted and wanted["language"] not in dict(settings.LANGUAGES):
        raise Invalid(_("There is no such language here."), field="language", code="unknown_language")
    if "time_zone" in wanted:
        known_zone(wanted["time_zone"])
    if "currency" in wanted and not _CURRENCY.match(wanted["currency"]):
        message = _("Write the currency in three letters, such as BRL.")
        raise Invalid(message, field="currency", code="bad_currency")
    days = wanted.get("retention_days")
    if days is not None and not 1 <= days <= LONGEST:
        message = _("From 1 to %(most)d days, or nothing to keep it for good.") % {"most": LONGEST}
        raise Invalid(message, field="retention_days", code="bad_number")
    if "regulations" in wanted:
        wanted["regulations"] = _regulations(wanted["regulations"])
    return wanted


def _name(text: str) -> str:
    try:
        return organization_name(text)
    except Invalid as refusal:
        refusal.field = "name"
        raise


def _regulations(names: Sequence[str]) -> list[str]:
    """In the order of the list of those that we know."""
    unknown = sorted(set(names) - set(Regulation.values))
    if unknown:
        message = _("There is no such regulation here: %(names)s.") % {"names": ", ".join(unknown)[:200]}
        raise Invalid(message, field="regulations", code="unknown_regulation")
    return [one for one in Regulation.values if one in names]
