"""From the SDKs' and the network's errors to EndpointError: a code, a sentence, worth a retry?

The sentence is for whoever runs the endpoint and says what to change; people in a chat are told by
code (`byoc.sentences`). The SDKs are not imported: their errors are known by `status_code` or `code`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from byoc.adapters.llm.statuses import judged
from byoc.contracts import EndpointSpec, Failure
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel.errors import EndpointError

_SHOWN = 300  # characters of the provider's own words


def endpoint_error(
    code: Failure, message: str, *, permanent: bool, retry_after: float | None = None
) -> EndpointError:
    return EndpointError(message, permanent=permanent, code=code, retry_after=retry_after)


def malformed(what: str, *, permanent: bool = False) -> EndpointError:
    message = Worded(_("The model's service misbehaved: %(what)s."), what=what)
    return endpoint_error("malformed", message, permanent=permanent)


def cut(name: str) -> EndpointError:
    message = Worded(_("%(name)s broke off in the middle of the answer."), name=name)
    return endpoint_error("cut", message, permanent=False)


def timed_out(name: str, sentence: str, **told: object) -> EndpointError:
    return endpoint_error("timeout", Worded(sentence, name=name, **told), permanent=False)


def translated(error: Exception, spec: EndpointSpec, *, begun: bool) -> EndpointError:
    """What `error` means. `begun`: part of the answer has been handed out already."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, EndpointError):  # the guard's refusal, wrapped by an SDK
            return cause
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if isinstance(status, int):
        retry_after = _retry_after(getattr(error, "response", None))
        return from_status(status, _words(error), spec, retry_after=retry_after)
    return _of_the_network(causes, spec, begun=begun)


def said_of(error: EndpointError) -> str:
    """Its message, still translatable where it can be."""
    sentence = getattr(error, "sentence", None)  # the guard's refusals carry it themselves
    if isinstance(sentence, str):
        return Worded(sentence, **getattr(error, "told", {}))
    return error.message if isinstance(error.message, str) else str(error)


def from_status(
    status: int, words: str, spec: EndpointSpec, *, retry_after: float | None = None
) -> EndpointError:
    """The meaning of an HTTP status, or of an error object inside a stream."""
    verdict = judged(status, words)
    told: dict[str, object] = {"name": spec.name, "status": status, "model": spec.model}
    told["words"] = without_secrets(words, spec)[:_SHOWN] or "…"
    message = Worded(verdict.sentence, **told)
    return endpoint_error(verdict.code, message, permanent=verdict.permanent, retry_after=retry_after)


def without_secrets(text: str, spec: EndpointSpec) -> str:
    """The provider's words without our key: some repeat it in their refusal."""
    for secret in (spec.key, *spec.credentials.values()):
        if secret:
            text = text.replace(secret, "…")
    return text


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
    if any_is(UnicodeDecodeError):
        return malformed("its answer is not UTF-8")
    if begun or any_is(httpx2.ReadError):
        return cut(spec.name)
    if any_is(TimeoutError, httpx2.TimeoutException):
        return timed_out(spec.name, _("%(name)s could not be reached in time: check host and port."))
    if any_is(httpx2.RemoteProtocolError) and not any_is(ssl.SSLError):
        return malformed("its answer is not HTTP")
    return _unreachable(causes, spec)


def _unreachable(causes: list[BaseException], spec: EndpointSpec) -> EndpointError:
    """Never connected: DNS, TLS and a closed port are told apart, for each is mended elsewhere."""
    sentence, permanent = _("%(name)s cannot be reached."), False
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            sentence, permanent = _of_the_certificate(cause), True
        elif isinstance(cause, ssl.SSLError):
            sentence = _("%(name)s does not speak TLS as we do: check the port and whether it is https.")
        elif isinstance(cause, socket.gaierror):
            sentence = _("The host of %(name)s cannot be found: check its name in the address.")
        elif isinstance(cause, ConnectionRefusedError):
            sentence = _("Nothing answers at the address of %(name)s: check the port, and whether it runs.")
    return endpoint_error("unreachable", Worded(sentence, name=spec.name), permanent=permanent)


def _of_the_certificate(error: ssl.SSLCertVerificationError) -> str:
    words = str(error)  # aiohttp's own error of the kind has no more
    if "expired" in words:
        return _("The certificate of %(name)s has expired: renew it.")
    if "issuer" in words or "self-signed" in words:
        return _("The certificate of %(name)s comes from no authority that this machine trusts.")
    return _("The certificate of %(name)s is not valid for its address: check the host.")


def _words(error: Any) -> str:
    """What the provider wrote: the parsed `error` object's fields, or the message."""
    body = getattr(error, "body", None) or getattr(error, "details", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            return spoken(inner)
    return str(getattr(error, "message", None) or error)


def spoken(error: Mapping[str, Any]) -> str:
    """The words in an `error` object of any of the protocols."""
    return " ".join(str(error[key]) for key in ("message", "code", "type", "status") if error.get(key))


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
