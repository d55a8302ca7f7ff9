"""How a server of tools is reached now, with what opens it."""

from __future__ import annotations

from django.db import close_old_connections, connections
from django.utils.translation import gettext as _

from byoc.contracts.tools import ToolServer
from byoc.tools import command_of
from companions.models import McpServer
from companions.services.tool_secrets import headers_of
from companions.services.tool_sign_in_kept import bearer_of
from humana.kernel.errors import EndpointError
from tenants.context import current_tenant
from tenants.db.aliases import close_mine

#: The code where nothing but a person who signs in again opens the server.
AGAIN = "sign_in_again"


def reached(row: McpServer) -> ToolServer:
    """Raises CannotOpen, EndpointError. Who signed in goes before a token that was entered."""
    owner = str(current_tenant().organization_id)
    if row.sign_in_state == McpServer.SignIn.AGAIN:
        raise sign_in_again()
    if not row.command:
        heads = {**headers_of(row), **bearer_of(row)}
        return ToolServer(row.name, owner, row.url, heads, protocol=row.protocol)
    found = command_of(row.command, current_tenant().organization_id)
    if found is None:
        message = _("This installation has no command “%(name)s” any more.") % {"name": row.command}
        raise EndpointError(message, permanent=True, code="not_found")
    command, environment = found
    return ToolServer(row.name, owner, command=command, environment=environment, protocol=row.protocol)


def sign_in_again() -> EndpointError:
    message = _("The sign-in at the server's service has ended. Somebody has to sign in there again.")
    return EndpointError(message, permanent=True, code=AGAIN)


def let_go() -> None:
    """No connection is held while a server speaks; one inside a transaction is its owner's to end."""
    if not any(one.in_atomic_block for one in connections.all(initialized_only=True)):
        close_mine()
        close_old_connections()
