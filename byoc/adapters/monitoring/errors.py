"""From the network's errors and HTTP's to EndpointError: a code, a sentence that says what to change."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping

from byoc.contracts import Failure
from humana.kernel.errors import EndpointError


def endpoint_error(
    code: Failure, message: str, *, permanent: bool, retry_after: float | None = None
) -> EndpointError:
    return EndpointError(message, permanent=permanent, code=code, retry_after=retry_after)


def timed_out(name: str, seconds: float) -> EndpointError:
    return endpoint_error("timeout", f"{name} has not answered after {seconds:g} seconds.", permanent=False)


def of_the_network(error: Exception, name: str, host: str) -> EndpointError:
    """What stands in the way of an answer. Says nothing of what a name resolved to."""
    import httpx2  # its exceptions only; the client has loaded it by now

    from humana.kernel.egress.client import BodyTooLarge

    causes = list(_causes(error))

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    for cause in causes:
        if isinstance(cause, EndpointError):  # the guard's refusal, wrapped by the client
            return cause
    if any_is(BodyTooLarge):
        return endpoint_error("malformed", f"{name} answers with more than allowed.", permanent=True)
    if any_is(ssl.SSLCertVerificationError):
        message = f"The certificate of {name} is not valid for {host}: renew it, or check the address."
        return endpoint_error("unreachable", message, permanent=True)
    if any_is(ssl.SSLError):
        message = f"{name} does not speak TLS at this address: check https and the port."
        return endpoint_error("unreachable", message, permanent=True)
    if any_is(socket.gaierror):
        message = f"The name {host} cannot be found: check the address of {name}."
        return endpoint_error("unreachable", message, permanent=False)
    if any_is(TimeoutError, httpx2.TimeoutException):
        return endpoint_error("timeout", f"{name} could not be reached in time.", permanent=False)
    if any_is(httpx2.RemoteProtocolError):
        return endpoint_error("malformed", f"{name} does not answer with HTTP.", permanent=True)
    return endpoint_error("unreachable", f"{name} cannot be reached at {host}.", permanent=False)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        os_error = getattr(error, "os_error", None)  # aiohttp keeps the first cause there
        if isinstance(os_error, BaseException):
            yield os_error
        error = error.__cause__ or error.__context__


def from_status(status: int, name: str, path: str, headers: Mapping[str, str]) -> EndpointError:
    """The meaning of an HTTP status. The service's own words may repeat what we sent: none are shown."""
    code, permanent, message = _judged(status, path)
    return endpoint_error(code, f"{name} {message}.", permanent=permanent, retry_after=_wait(headers))


def _judged(status: int, path: str) -> tuple[Failure, bool, str]:
    if status == 401:
        return "unauthorized", True, "does not accept the key (401): renew it"
    if status == 403:
        return (
            "unauthorized",
            True,
            "does not accept the key here (403): check the key and the region or site",
        )
    if status == 404:
        return "bad_request", True, f"knows no {path} (404): check the address, which ends before that path"
    if 300 <= status < 400:
        message = f"answers from another address ({status}): redirects are not followed, name that one"
        return "bad_request", True, message
    if status == 408:
        return "timeout", False, "gave up waiting (408)"
    if status in (402, 429):
        return "rate_limited", status == 402, f"takes no more just now ({status}): check its plan and limits"
    if status == 413:
        return "bad_request", True, "finds what we send too large (413)"
    if status >= 500 and status not in (501, 505):
        return "overloaded", False, f"is out of order or too busy ({status})"
    return "bad_request", True, f"refuses what we send ({status}): check its type and version"


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that the service asks us to wait; a date is not worth reading here."""
    try:
        return max(0.0, min(float(headers.get("retry-after", "")), 3_600.0))
    except ValueError:
        return None
