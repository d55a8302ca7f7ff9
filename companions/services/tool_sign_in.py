"""Somebody signs in at the service of a server of tools (OAuth), in two requests of their browser.

begin_sign_in     server and service are asked, Humana registers there     → what the session keeps, sealed
finish_sign_in    the browser is back with a code, which is exchanged      → tokens, sealed with the server
sign_out          they are forgotten here, and at the service where it can be told
"""

from __future__ import annotations

import json
import secrets as at_random
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.contracts.sign_in import Service
from byoc.contracts.tools import ToolServer
from byoc.tool_sign_in import sign_in_door
from companions.models import McpServer
from companions.services.reaching import let_go
from companions.services.tool_secrets import TOKEN, secrets_of
from companions.services.tool_servers import hold_server, may_change, tell
from companions.services.tool_sign_in_kept import forget, keep, kept_of
from humana.kernel.crypto import CannotOpen, associated, derived_key, open_sealed, seal
from humana.kernel.errors import Conflict, EndpointError, StaleVersion
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

#: From the beginning to the browser's return, seconds.
GOOD_FOR = 600
LONGEST_CODE, LONGEST_ISSUER = 4_000, 1_000
PURPOSE = "mcp_signing_in"
#: The code where what came back was begun by somebody else: what was begun here stays.
OTHER = "sign_in_other"


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: the browser's `page`, what has to come back, the proof, since when (epoch)."""

    service: Service
    page: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    at: float


def begin_sign_in(*, member: Membership, server_id: uuid.UUID, back: str) -> str:
    """Find out where one signs in, and register. `back` is where the browser comes back to.

    What is returned belongs into the browser's session: sealed for this member and server, good for ten
    minutes. Raises EndpointError where server or service cannot do it, or may not be trusted with it.
    """
    with at_main():
        row = _asked(member, server_id)
        if not row.origin:
            raise Conflict(_("A program is not signed in to."), code="no_address")
        door, asked = sign_in_door(current_tenant().organization_id), _unopened(row)
        let_go()
        service = door.find_now(asked, back)
        state = at_random.token_urlsafe(32)
        page, verifier = door.page(service, state)
        return _sealed(row, member, Begun(service, page, state, verifier, time.time()))


def begun(*, member: Membership, row: McpServer, sealed: str) -> Begun:
    """What was begun in this session, for this server and member; Conflict where it is over."""
    over = Conflict(
        _("This sign-in is over: it was finished, or took too long. Begin again."), code="sign_in_over"
    )
    try:
        told = json.loads(
            open_sealed(bytes.fromhex(sealed), key=derived_key(PURPOSE), place=_place(row, member))
        )
    except (CannotOpen, ValueError):
        raise over from None
    found = Begun(**{**told, "service": Service(**told["service"])})
    if time.time() - found.at > GOOD_FOR:
        raise over
    return found


def finish_sign_in(
    *, member: Membership, server_id: uuid.UUID, sealed: str, answer: Mapping[str, str]
) -> McpServer:
    """Exchange the code that the browser brought, once. `answer` is what stood in the address.

    Raises Conflict where it does not belong to what was begun, EndpointError where the service refuses.
    """
    with at_main():
        row = _asked(member, server_id)
        found = begun(member=member, row=row, sealed=sealed)
        code = _code(found, answer)
        door = sign_in_door(current_tenant().organization_id)
        let_go()
        tokens = door.exchange_now(found.service, code, found.verifier, answer.get("iss"))
        with tenant_atomic():
            now = hold_server(row.id)
            may_change(member, now)
            if now.url != row.url:
                raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
            keep(now, found.service, tokens)
            now.signed_in_at, now.version = timezone.now(), now.version + 1
            now.error_code = now.error = ""
            now.save()
            tell("signed_in", now, service=found.service.issuer, scope=tokens.scope)
        return now


def sign_out(*, member: Membership | None = None, server_id: uuid.UUID) -> bool:
    """Forget the tokens; whether the service forgot them too, which it is told where it says how."""
    with at_main():
        with tenant_atomic():
            row = hold_server(server_id)
            may_change(member, row)
            try:
                kept = kept_of(row)
            except CannotOpen:
                kept = None
            forget(row)
            row.version += 1
            row.save()
            tell("signed_out", row)
        if kept is None:
            return False
        door = sign_in_door(current_tenant().organization_id)
        let_go()
        try:
            return door.revoke_now(kept.service, kept.tokens)
        except EndpointError:
            return False


def _asked(member: Membership, server_id: uuid.UUID) -> McpServer:
    with tenant_atomic():
        row = hold_server(server_id)
        may_change(member, row)
    return row


def _unopened(row: McpServer) -> ToolServer:
    """As somebody reaches it who is not signed in, with the further headers that it may want."""
    try:
        kept = secrets_of(row)
    except CannotOpen:
        kept = {}
    heads = {name: value for name, value in kept.items() if name != TOKEN}
    return ToolServer(row.name, str(row.organization_id), row.url, heads)


def _code(found: Begun, answer: Mapping[str, str]) -> str:
    """The code, where the browser brought the state of what was begun, for the first time."""
    if not at_random.compare_digest(found.state.encode(), answer.get("state", "").encode()):
        message = _("What came back does not belong to a sign-in that you began. Nothing was kept.")
        raise Conflict(message, code=OTHER)
    if not cache.add(f"{PURPOSE}:{found.state}", 1, GOOD_FOR * 2):
        raise Conflict(
            _("This sign-in is over: it was finished, or took too long. Begin again."), code="sign_in_over"
        )
    code = answer.get("code", "")
    if not code or "error" in answer or len(code) > LONGEST_CODE:
        message = _("The service did not sign you in. Begin again, or ask who runs it.")
        raise Conflict(message, code="sign_in_denied")
    return code


def _sealed(row: McpServer, member: Membership, told: Begun) -> str:
    plain = json.dumps(asdict(told)).encode()
    return seal(plain, key=derived_key(PURPOSE), place=_place(row, member)).hex()


def _place(row: McpServer, member: Membership) -> bytes:
    return associated(PURPOSE, str(row.organization_id), row.id.hex, row.url, member.id.hex)
