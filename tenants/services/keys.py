"""API keys: made once, shown once, kept as a digest. Read at every use, so a revoked one is dead at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid, NotAllowed
from tenants.config.resolver import resolve_for
from tenants.config_keys import KEY_DAYS
from tenants.joins import key_by_digest
from tenants.models import ApiKey, Membership
from tenants.permissions import permissions
from tenants.queries import may_enter
from tenants.services.events import control_event

_SHAPE = re.compile(r"^hk_[A-Za-z0-9_-]{43}\Z")
#: `last_used_at` is told to the minute; a write per request would cost more than it says.
_NOTED_EVERY = timedelta(minutes=1)


def create_api_key(
    *,
    member: Membership,
    name: str,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    made_with: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """The key's row and its secret. The secret is told here and never again.

    A key made with another key opens no more than that one, and no longer.
    """
    unknown = sorted(set(scopes) - set(permissions))
    if unknown:
        raise Invalid(_("Unknown scopes: %(scopes)s.") % {"scopes": ", ".join(unknown)}, field="scopes")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(_("Choose a time to come."), field="expires_at")
    expires_at = _within_its_life(member, expires_at)
    if made_with is not None:
        _no_wider(made_with, set(scopes), expires_at)
    secret = "hk_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            organization_id=member.organization_id,
            membership=member,
            name=name.strip()[:80] or _("API key"),
            prefix=secret[:10],
            digest=digest_of(secret),
            scopes=list(scopes),
            expires_at=expires_at,
        )
        control_event(
            "key.created",
            "api_key",
            key.id,
            organization_id=member.organization_id,
            payload={"name": key.name},
        )
    return key, secret


def _within_its_life(member: Membership, expires_at: datetime | None) -> datetime | None:
    """As long as the organization lets a key last; the end of that where none was chosen."""
    days = resolve_for(member.organization_id, KEY_DAYS)
    if days is None:
        return expires_at
    latest = timezone.now() + timedelta(days=days)
    if expires_at is not None and expires_at > latest:
        message = _("A key lasts at most %(days)d days here.") % {"days": days}
        raise Invalid(message, field="expires_at", code="too_long")
    return expires_at or latest


def _no_wider(key: ApiKey, scopes: set[str], expires_at: datetime | None) -> None:
    wider = key.scopes and (not scopes or not scopes <= set(key.scopes))
    longer = key.expires_at is not None and (expires_at is None or expires_at > key.expires_at)
    if wider or longer:
        raise NotAllowed(_("A key cannot make one that opens more or lasts longer."), code="wider_than_key")


def revoke_api_key(*, key: ApiKey) -> None:
    """From now on the key opens nothing; the row stays for the trail."""
    with transaction.atomic():
        if ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=timezone.now()):
            control_event(
                "key.revoked",
                "api_key",
                key.id,
                organization_id=key.organization_id,
                payload={"name": key.name},
            )


def member_of_key(secret: str) -> ApiKey | None:
    """The key with its member, if both may work now; None otherwise. Hostile text never reaches SQL."""
    key = key_by_digest(digest_of(secret)) if _SHAPE.match(secret) else None
    now = timezone.now()
    if key is None or not key.usable_at(now) or not may_enter(key.membership):
        return None
    if key.last_used_at is None or now - key.last_used_at > _NOTED_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now)
    return key


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
