"""A token that is about to end is renewed at use, by one process at a time: a refresh token is spent once.

Who renews holds the row's `renewing_until`; the others wait for what comes of it. No connection to
a database is held while the service is asked.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.contracts.sign_in import Tokens
from byoc.contracts.tools import ToolServer
from byoc.tool_sign_in import REFUSED, SignInDoor, sign_in_door
from companions.models import McpServer
from companions.services.reaching import AGAIN, let_go, reached, sign_in_again
from companions.services.tool_servers import hold_server, tell
from companions.services.tool_sign_in_kept import (
    COLUMNS,
    Kept,
    bearer_of,
    forget,
    is_due,
    keep,
    kept_of,
)
from humana.kernel.errors import EndpointError
from tenants.context import current_tenant
from tenants.places import at_main
from tenants.threads import in_thread
from tenants.transactions import tenant_atomic

#: Longer than the service may take; who died meanwhile is not waited for any longer.
LEASE = timedelta(seconds=60)
WAIT_SECONDS, STEP_SECONDS = 30.0, 0.2
#: Renewals under way; a reader who leaves must not lose the token that one brings.
_under_way: set[asyncio.Future[ToolServer]] = set()


@dataclass(frozen=True, slots=True)
class Renewal:
    """One that is ours to do: `sealed` says of what."""

    server_id: uuid.UUID
    sealed: str
    kept: Kept
    door: SignInDoor


async def renewed(server_id: uuid.UUID) -> ToolServer:
    """The server with a token that is good. EndpointError, `sign_in_again` where nothing else helps."""
    until = time.monotonic() + WAIT_SECONDS
    while (found := await in_thread(_claimed, server_id)) is None:
        await asyncio.sleep(_waited(until))
    if isinstance(found, ToolServer):
        return found
    work = asyncio.ensure_future(_renew(found))
    _under_way.add(work)
    work.add_done_callback(_under_way.discard)
    return await asyncio.shield(work)


def renewed_now(server_id: uuid.UUID) -> ToolServer:
    """The same for who has no event loop."""
    until = time.monotonic() + WAIT_SECONDS
    while (found := _claimed(server_id)) is None:
        let_go()
        time.sleep(_waited(until))
    if isinstance(found, ToolServer):
        return found
    let_go()
    try:
        tokens = asyncio.run(_refresh(found))
    except EndpointError as error:
        raise _failed(found, error) from error
    return _done(found, tokens)


async def _renew(renewal: Renewal) -> ToolServer:
    try:
        tokens = await _refresh(renewal)
    except EndpointError as error:
        raise await in_thread(_failed, renewal, error) from error
    return await in_thread(_done, renewal, tokens)


async def _refresh(renewal: Renewal) -> Tokens:
    return await renewal.door.refresh(renewal.kept.service, renewal.kept.tokens)


def _waited(until: float) -> float:
    if time.monotonic() > until:
        message = _("The sign-in at the server's service is being renewed. Try again in a moment.")
        raise EndpointError(message, permanent=False, code="timeout")
    return STEP_SECONDS


def _claimed(server_id: uuid.UUID) -> Renewal | ToolServer | None:
    """Ours to renew; or the server, where it was renewed already; None while somebody else is at it."""
    with at_main(), tenant_atomic():
        row = hold_server(server_id)
        kept = kept_of(row) if is_due(row) else None
        if kept is None:
            return reached(row)
        now = timezone.now()
        if row.renewing_until is not None and row.renewing_until > now:
            return None
        if kept.tokens.refresh:
            row.renewing_until = now + LEASE
            row.save(update_fields=COLUMNS)
            return Renewal(row.id, row.sign_in, kept, sign_in_door(current_tenant().organization_id))
        if not _over(row.sign_in_until, now):
            return reached(row)
        _end(row)
    raise sign_in_again()


def _over(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _done(renewal: Renewal, tokens: Tokens) -> ToolServer:
    """Kept, unless somebody signed in or out meanwhile."""
    with at_main(), tenant_atomic():
        row = hold_server(renewal.server_id)
        if row.sign_in == renewal.sealed:
            keep(row, renewal.kept.service, tokens)
            row.save(update_fields=COLUMNS)
        return reached(row)


def _failed(renewal: Renewal, error: EndpointError) -> EndpointError:
    """What to raise: the service's no ends the sign-in, anything else may be another time."""
    with at_main(), tenant_atomic():
        row = hold_server(renewal.server_id)
        if row.sign_in != renewal.sealed:
            return error
        if error.code == REFUSED:
            _end(row)
            return sign_in_again()
        row.renewing_until = None
        row.save(update_fields=COLUMNS)
    return error


def token_refused(server_id: uuid.UUID, sent: ToolServer) -> None:
    """The server did not take the token that it was sent, though its time is not over: renewed before
    the next use, or ended where it cannot be."""
    with at_main(), tenant_atomic():
        row = hold_server(server_id)
        kept = kept_of(row)
        if kept is None or bearer_of(row)["Authorization"] != sent.headers.get("Authorization"):
            return
        if not kept.tokens.refresh:
            _end(row)
            return
        row.sign_in_until = timezone.now()
        row.save(update_fields=COLUMNS)


def _end(row: McpServer) -> None:
    forget(row, McpServer.SignIn.AGAIN)
    row.error_code, row.error = AGAIN, str(sign_in_again().message)
    row.save(update_fields=[*COLUMNS, "error_code", "error", "updated_at"])
    tell("sign_in_ended", row)
