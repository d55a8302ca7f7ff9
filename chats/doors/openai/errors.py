"""Failures in the protocol's own shape."""

from __future__ import annotations

from typing import Any

from chats.doors.sentences import sentence_for
from chats.doors.visitors import said_in
from humana.kernel.errors import EndpointError, HumanaError, Invalid, Unauthenticated
from humana.kernel.http import Request, Send, send_json

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def error_body(error: HumanaError, request: Request) -> dict[str, Any]:
    """What the SDKs read of a failure, with an id to quote."""
    status = error.status
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    code = error.code
    if code == "over_budget":
        kind = code = "insufficient_quota"  # as the protocol's servers call it: it does not help to try again
    message = (
        said_in("en", sentence_for("failed", error.code)) if isinstance(error, EndpointError) else str(error)
    )
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": error.field,
            "code": code,
            "id": request.id,
        }
    }


async def refuse(send: Send, request: Request, error: HumanaError) -> None:
    """A failure before the first byte."""
    status = 400 if isinstance(error, Invalid) else error.status
    headers = {"www-authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    retry_after = getattr(error, "retry_after", None)
    if isinstance(error, EndpointError):
        status = 429 if error.code == "rate_limited" else 503 if not error.permanent else 502
    if retry_after:
        headers["retry-after"] = str(int(retry_after))
    # The SDK's own retries would ask a model again that we have already retried.
    if status >= 500 or error.code == "over_budget":
        headers["x-should-retry"] = "false"
    await send_json(send, request, status, error_body(error, request), headers)
