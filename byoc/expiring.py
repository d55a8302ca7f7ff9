"""What an endpoint proves itself with ends: how long before that its organization wants to be told."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.config_keys import CERTIFICATE_DAYS
from byoc.contracts import Health
from tenants.config.resolver import resolve_for


def time_before(organization_id: uuid.UUID | None) -> timedelta:
    """As it is configured (`sso.certificate_days`); None is the platform."""
    return timedelta(days=resolve_for(organization_id, CERTIFICATE_DAYS))


def ends_soon(expires_at: datetime | None, organization_id: uuid.UUID | None, at: datetime) -> bool:
    return expires_at is not None and expires_at < at + time_before(organization_id)


def warned(found: Health, owner: str) -> Health:
    """The same, with a word of it for whoever just validated; what is wrong otherwise is told first."""
    if found.code or found.expires_at is None:
        return found
    organization_id = None if owner == "platform" else uuid.UUID(owner)
    if not ends_soon(found.expires_at, organization_id, timezone.now()):
        return found
    sentence = _("The certificate ends on %(day)s. Let the provider renew it before.")
    return replace(found, code="expires_soon", message=sentence % {"day": f"{found.expires_at:%Y-%m-%d}"})
