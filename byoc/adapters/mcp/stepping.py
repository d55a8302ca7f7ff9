"""The steps of signing in: each one question, small and soon over; what goes wrong in words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from byoc.adapters.mcp.failures import failure
from byoc.adapters.mcp.noting import Notes
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel.egress import EgressRefused, Guard, http_client
from humana.kernel.egress.reasons import of_status
from humana.kernel.errors import EndpointError

#: Of one answer; of all steps that one request of a person takes.
MOST_BYTES, SECONDS = 64 * 1024, 20.0
CONNECT_SECONDS, STEP_SECONDS = 5.0, 8.0


@asynccontextmanager
async def steps() -> AsyncIterator[None]:
    """Raises EndpointError for whatever goes wrong inside; never with what a service wrote."""
    import anyio
    from mcp.client.auth import OAuthFlowError

    try:
        with anyio.fail_after(SECONDS):
            yield
    except EgressRefused as error:
        raise failure(error, Notes()) from error
    except EndpointError:
        raise
    except OAuthFlowError as error:
        message = _(
            "What server and service say of signing in does not agree. Nothing was kept; tell who runs them."
        )
        raise EndpointError(Worded(message), permanent=True, code="sign_in_unsafe") from error
    except Exception as error:
        raise failure(error, Notes()) from error


async def ask(request: httpx2.Request, guard: Guard) -> httpx2.Response:
    """The answer with its body. The origin is judged anew, and no redirect followed."""
    url = str(request.url)
    client = http_client(
        url, guard, connect_seconds=CONNECT_SECONDS, max_bytes=MOST_BYTES, seconds=STEP_SECONDS
    )
    async with client:
        request.headers["Accept"] = "application/json"
        request.headers["Accept-Encoding"] = "identity"
        return await client.send(request, follow_redirects=False)


def refusal(status: int) -> EndpointError:
    """What to do about a status that is none of success."""
    reason = of_status(status)
    if reason is None:
        message = _("The service could not answer. Try again.")
        return EndpointError(Worded(message), permanent=False, code="malformed")
    return EndpointError(Worded(reason.sentence), permanent=reason.permanent, code=reason.code)
