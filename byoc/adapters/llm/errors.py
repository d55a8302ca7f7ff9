"""From the SDKs' and the network's errors to EndpointError: a code, a sentence, worth a retry?

The sentence is for whoever runs the endpoint; pages show their own by code. The SDKs are not
imported: their status errors are known by `status_code`, as both of them promise.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from byoc.contracts import EndpointSpec, Failure
from humana.kernel.errors import EndpointError

_TOO_LONG = re.compile(
    r"context.{0,20}(length|size|window)|prompt is too long|too many (input )?tokens"
    r"|exceed_context|maximum context",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_quota|billing|credit balance|exceeded your current quota")
_SHOWN = 300  # characters of the provider's own words


def endpoint_error(
    code: Failure, message: str, *, permanent: bool, retry_after: float | None = None
) -> EndpointError:
    return EndpointError(message, permanent=permanent, code=code, retry_after=retry_after)


def malformed(what: str, *, permanent: bool = False) -> EndpointError:
    return endpoint_error("malformed", f"The model's service misbehaved: {what}.", permanent=permanent)


def cut(name: str) -> EndpointError:
    return endpoint_error("cut", f"{name} broke off in the middle of the answer.", permanent=False)


def timed_out(name: str, what: str) -> EndpointError:
    return endpoint_error("timeout", f"{name} {what}.", permanent=False)


def translated(error: Exception, spec: EndpointSpec, *, begun: bool) -> EndpointError:
    """What `error` means. `begun`: part of the answer has been handed out already."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, EndpointError):  # the guard's refusal, wrapped by an SDK
            return cause
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        retry_after = _retry_after(getattr(error, "response", None))
        return from_status(status, _words(error), spec, retry_after=retry_after)
    return _of_the_network(causes, spec, begun=begun)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _of_the_network(causes: list[BaseException], spec: EndpointSpec, *, begun: bool) -> EndpointError:
    import httpx2  # its exceptions only; the SDK has loaded it by now

    from humana.kernel.egress.client import BodyTooLarge

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if any_is(BodyTooLarge):
        return malformed("its answer is larger than allowed")
    if begun or any_is(httpx2.ReadError):
        return cut(spec.name)
    if any_is(TimeoutError, httpx2.TimeoutException):
        return timed_out(spec.name, "could not be reached in time")
    if any_is(ssl.SSLCertVerificationError):
        message = f"The certificate of {spec.name} is not valid for its address."
        return endpoint_error("unreachable", message, permanent=True)
    if any_is(httpx2.RemoteProtocolError):
        return malformed("its answer is not HTTP")
    return endpoint_error("unreachable", f"{spec.name} cannot be reached.", permanent=False)


def from_status(
    status: int, words: str, spec: EndpointSpec, *, retry_after: float | None = None
) -> EndpointError:
    """The meaning of an HTTP status, or of an error object inside a stream."""
    code, permanent, message = _judged(status, words)
    shown = _without_key(words, spec)[:_SHOWN] if code in ("bad_request", "context_too_long") else ""
    sentence = f"{spec.name} {message}." + (f" It says: {shown}" if shown else "")
    return endpoint_error(code, sentence, permanent=permanent, retry_after=retry_after)


def _judged(status: int, words: str) -> tuple[Failure, bool, str]:
    if status == 429 and _NO_CREDIT.search(words):
        return "rate_limited", True, "has used up its quota"
    if status in (400, 413, 422) and (status == 413 or _TOO_LONG.search(words)):
        return "context_too_long", True, "cannot take a conversation of this length"
    if status == 402:
        return "rate_limited", True, "asks for payment"
    if status in (401, 403):
        return "unauthorized", True, f"does not accept the key ({status})"
    if status == 404:
        return "bad_request", True, "knows no such model or path (404)"
    if 300 <= status < 400:
        return (
            "bad_request",
            True,
            f"answers from another address ({status}); redirects are not followed",
        )
    if status == 408:
        return "timeout", False, "gave up waiting (408)"
    if status in (425, 429):
        return "rate_limited", False, "asks us to slow down"
    if status == 409 or (status >= 500 and status not in (501, 505)):
        return "overloaded", False, f"is out of order or too busy ({status})"
    return "bad_request", True, f"refuses the request ({status})"


def _words(error: Any) -> str:
    """What the provider wrote: the parsed `error` object's fields, or the message."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            return " ".join(str(inner[key]) for key in ("message", "code", "type") if inner.get(key))
    return str(getattr(error, "message", error))


def _without_key(text: str, spec: EndpointSpec) -> str:
    return text.replace(spec.key, "…") if spec.key else text


def _retry_after(response: Any) -> float | None:
    """Seconds the service asks us to wait, from `retry-after-ms` or either form of Retry-After."""
    headers: Mapping[str, str] = getattr(response, "headers", {})
    readers: dict[str, Callable[[str], float]] = {
        "retry-after-ms": lambda text: float(text) / 1000,
        "retry-after": _seconds,
    }
    for name, read in readers.items():
        with contextlib.suppress(ValueError):
            if name in headers:
                return max(0.0, read(headers[name]))
    return None


def _seconds(text: str) -> float:
    """A number of seconds, or the time until a date."""
    try:
        return float(text)
    except ValueError:
        return parsedate_to_datetime(text).timestamp() - time.time()
