"""How long a signed-in session lasts: as long as the organization it is used in says."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils.translation import gettext as _

from humana.kernel.errors import Unauthenticated
from tenants.config.resolver import resolve_for, subject_of
from tenants.config_keys import SESSION_AGE
from tenants.models import Membership

SIGNED_IN_AT = "signed_in_at"


def listen() -> None:
    user_logged_in.connect(_signed_in, dispatch_uid="session-signed-in")


def too_old(session: MutableMapping[str, Any], member: Membership) -> bool:
    """Whether the person signed in longer ago than this organization lets a session last.

    A session from before we kept the moment begins at its first look.
    """
    began = session.get(SIGNED_IN_AT)
    if began is None:
        session[SIGNED_IN_AT] = time.time()
        return False
    return time.time() - float(began) > resolve_for(member.organization_id, SESSION_AGE, subject_of(member))


def session_over() -> Unauthenticated:
    """What a program or a stream is told."""
    message = _("You signed in too long ago for this organization. Sign in again.")
    return Unauthenticated(message, code="session_over")


def _signed_in(request: HttpRequest, **_told: Any) -> None:
    request.session[SIGNED_IN_AT] = time.time()
