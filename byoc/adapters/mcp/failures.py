"""What went wrong with a server of tools, in words for who runs it; never what the server wrote."""

from __future__ import annotations

from byoc.adapters.mcp.noting import Notes
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel.egress.reasons import Reason, of_status, why
from humana.kernel.errors import EndpointError

#: JSON-RPC's word for what the server does not know at all.
NO_SUCH_METHOD = -32601
#: The code where a server asks for a bearer's token.
SIGN_IN = "sign_in"


def failure(error: BaseException, notes: Notes) -> EndpointError:
    """The first of: what the guard or the network said, the status, what the protocol said."""
    leaf = _leaf(error)
    reason = _below(notes) or _of_protocol(leaf) or why(leaf)
    return EndpointError(Worded(reason.sentence, **reason.told), permanent=reason.permanent, code=reason.code)


def _below(notes: Notes) -> Reason | None:
    if notes.error is not None:
        return why(notes.error)
    if notes.wants_sign_in:
        message = _("The server wants to know who asks. Sign in at its service, or enter a token.")
        return Reason(SIGN_IN, message, permanent=True)
    return of_status(notes.status) if notes.status and notes.status not in _NEGOTIATION else None


#: What a server answers that does not know the newest way to begin; the older one is tried then.
_NEGOTIATION = frozenset({400, 405, 406})


def _of_protocol(error: BaseException) -> Reason | None:
    from mcp import MCPError
    from pydantic import ValidationError

    if isinstance(error, MCPError):
        if error.code == NO_SUCH_METHOD:
            message = _("What answers there knows nothing of tools. Check the address.")
            return Reason("not_found", message)
        return Reason("cut", _("The server could not answer. Look at its log, then try again."))
    if isinstance(error, ValidationError | ValueError):
        message = _("What answers there does not speak the protocol. Check address and port.")
        return Reason("malformed", message, permanent=True)
    if isinstance(error, FileNotFoundError | PermissionError):
        message = _("The program of this command cannot be started. Tell who runs this installation.")
        return Reason("unreachable", message, permanent=True)
    return None


def _leaf(error: BaseException) -> BaseException:
    """Task groups wrap what was raised in them."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error
