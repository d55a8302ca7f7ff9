"""The same request twice, one effect: the answer is kept in the transaction of the effect itself."""

from __future__ import annotations

import base64
import functools
import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import OperationalError, connections
from django.utils.translation import gettext as _

from audit.models import IdempotencyKey
from humana.kernel.crypto import associated, derived_key, open_sealed, seal
from humana.kernel.errors import Conflict, Invalid
from tenants.context import current_tenant
from tenants.db.patience import wait_at_most, waited_too_long
from tenants.transactions import tenant_atomic

#: How long a second request waits for the first one with its key, in seconds.
PATIENCE = 10


def answer_once(
    *, member_id: uuid.UUID, key: str, fingerprint: str, act: Callable[[], tuple[int, bytes]]
) -> tuple[int, bytes, bool]:
    """Status and body of the first request with this key, and whether it is a repetition.

    A second request at the same time waits for the first: the unique key holds it until the first
    has committed or given up; Conflict after too long. What raises leaves no key behind, so it may
    be tried again. The same key with another fingerprint raises Invalid.
    """
    with tenant_atomic():
        mine, kept = _claim(member_id, key, fingerprint)
        if kept.id != mine:
            return _replay(kept, fingerprint)
        status, body = act()
        IdempotencyKey.objects.filter(id=kept.id).update(status=status, body=_sealed(kept, body))
    return status, body, False


def forget_older_than(*, at: datetime) -> int:
    """Remove keys made before `at` in the current organization; returns how many."""
    gone, _by_model = IdempotencyKey.objects.filter(created_at__lt=at).delete()
    return gone


def _claim(member_id: uuid.UUID, key: str, fingerprint: str) -> tuple[uuid.UUID, IdempotencyKey]:
    """The id we tried to write, and the row that holds the key: ours, or an earlier one."""
    row = IdempotencyKey(member_id=member_id, key=key, fingerprint=fingerprint)
    connection = connections[current_tenant().placement.alias]
    try:
        wait_at_most(connection, PATIENCE)  # only for the key, not for what the request itself waits for
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        wait_at_most(connection, None)
    except OperationalError as error:
        if not waited_too_long(error):
            raise
        message = _("The same request is still being worked on. Try again in a moment.")
        raise Conflict(message, code="idempotency_key_in_use") from None
    return row.id, IdempotencyKey.objects.get(member_id=member_id, key=key)


def _replay(kept: IdempotencyKey, fingerprint: str) -> tuple[int, bytes, bool]:
    if kept.fingerprint != fingerprint:
        message = _("This Idempotency-Key was used for another request.")
        raise Invalid(message, field="Idempotency-Key", code="idempotency_key_reused")
    body = open_sealed(base64.b64decode(kept.body), key=_key(), place=_place(kept))
    return kept.status, body, True


def _sealed(kept: IdempotencyKey, body: bytes) -> str:
    """An answer may hold what is told once, such as a new API key: it is never kept in the clear."""
    return base64.b64encode(seal(body, key=_key(), place=_place(kept))).decode()


def _place(kept: IdempotencyKey) -> bytes:
    return associated("idempotency", kept.organization_id.hex, kept.id.hex)


@functools.cache
def _key() -> bytes:
    return derived_key("idempotency")
