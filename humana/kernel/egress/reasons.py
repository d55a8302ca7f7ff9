"""Why a service could not be spoken with, as a sentence for who runs it: what is wrong, what to change.

    why(error)          whatever a client, an SDK or a driver raised, wrapped as often as they like
    of_status(403)      what an HTTP status means, where the service answered

Sentences are English and in the catalogue; who shows them to people translates them. What a server
itself wrote is never among them.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from humana.kernel.egress.guard import EgressRefused, _

Code: TypeAlias = Literal[
    "forbidden", "unreachable", "timeout", "cut", "malformed", "unauthorized", "bad_request",
    "rate_limited", "overloaded",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is one of `byoc.contracts.Failure`; `permanent` says that trying again is in vain.

    `sentence` has places for what is `told`, as those of EgressRefused.
    """

    code: str
    sentence: str
    permanent: bool = False
    told: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def __str__(self) -> str:
        return self.sentence % self.told if self.told else self.sentence


def why(error: BaseException) -> Reason:
    """The innermost thing known of `error` and all that it wraps; "unreachable" where nothing is."""
    inside = list(_within(error))
    for judge in _JUDGES:
        for one in inside:
            reason = judge(one)
            if reason is not None:
                return reason
    return Reason("unreachable", _("The service cannot be reached. Check its address, port and firewall."))


def of_status(status: int) -> Reason | None:
    """What to change when a service answers so; None for an answer that is well."""
    for statuses, code, sentence, permanent in _statuses():
        if status in statuses:
            return Reason(code, sentence, permanent)
    return None


def _within(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and what libraries carry in arguments and attributes."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        carried = [*one.args, *(getattr(one, name, None) for name in _CARRIES)]
        waiting += [other for other in carried if isinstance(other, BaseException)]


#: Python's own, then those of urllib3, aiohttp, azure-core, PyMySQL and ldap3.
_CARRIES = (
    "__cause__", "__context__", "reason", "os_error", "certificate_error", "inner_exception",
    "original_exception", "original_error",
)  # fmt: skip


def _refused(error: BaseException) -> Reason | None:
    if isinstance(error, EgressRefused):
        return Reason(error.code, error.sentence, error.permanent, MappingProxyType(error.told))
    return None


def _certificate(error: BaseException) -> Reason | None:
    code = getattr(error, "verify_code", 0) if isinstance(error, ssl.SSLCertVerificationError) else 0
    return Reason("unreachable", _of_certificate(code), permanent=True) if code else None


def _uncertified(error: BaseException) -> Reason | None:
    """A library's own error of that kind, when what it wraps has said nothing."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Reason("unreachable", _of_certificate(0), permanent=True)
    return None


def _of_certificate(code: int) -> str:
    """By the numbers of OpenSSL's X509_V_ERR_…"""
    if code == 10:
        return _("The server's certificate has expired. Renew it there.")
    if code == 9:
        return _("The server's certificate is not valid yet. Check the clock there.")
    if code in {18, 19}:
        return _("The server's certificate signs itself. Give it one of an authority that is trusted here.")
    if code in {2, 20, 21}:
        return _(
            "The authority of the server's certificate is not trusted here, or its chain is not complete."
            " Send the whole chain, or have the authority trusted."
        )
    if code in {62, 64}:
        return _("The server's certificate is for another name. Check the address, or the certificate.")
    return _("The server's certificate is not valid. Check it there.")


def _name(error: BaseException) -> Reason | None:
    if isinstance(error, socket.gaierror):
        return Reason("unreachable", _("There is no host of this name. Check the address."))
    return None


def _large(error: BaseException) -> Reason | None:
    if type(error).__name__ in {"TooLarge", "BodyTooLarge"}:
        return Reason("malformed", _("The service's answer is larger than allowed. Check the address."))
    return None


def _errno(error: BaseException) -> Reason | None:
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError):
        return None
    if error.errno == errno.ECONNREFUSED:
        message = _("Nothing answers on this port. Check address and port, and that the service runs.")
        return Reason("unreachable", message)
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN}:
        message = _("There is no way to this address from here. Check address, network and firewall.")
        return Reason("unreachable", message)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Reason("overloaded", _("The disk is full. Make room, then try again."))
    return None


def _timeout(error: BaseException) -> Reason | None:
    named = re.search(r"Time(d)?-?out", type(error).__name__, re.IGNORECASE)
    if isinstance(error, TimeoutError) or named:
        return Reason("timeout", _("The service did not answer in time. Check address, port and firewall."))
    return None


def _tls(error: BaseException) -> Reason | None:
    if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError):
        return None
    message = _("No encrypted connection could be made. Check that the port is the one that speaks TLS.")
    return Reason("unreachable", message, permanent=True)


def _broken(error: BaseException) -> Reason | None:
    broken = {"IncompleteRead", "RemoteDisconnected", "ServerDisconnectedError", "ClientPayloadError"}
    if isinstance(error, ConnectionError | EOFError | ssl.SSLEOFError) or type(error).__name__ in broken:
        return Reason(
            "cut", _("The service broke the connection off. Try again; if it stays so, look there.")
        )
    return None


def _protocol(error: BaseException) -> Reason | None:
    strange = {"BadStatusLine", "RemoteProtocolError", "LineTooLong", "InvalidChunkLength", "DecodeError"}
    if type(error).__name__ in strange:
        message = _("What answers there does not speak the protocol. Check address and port.")
        return Reason("malformed", message, permanent=True)
    return None


def _statuses() -> Iterator[tuple[frozenset[int] | range, Code, str, bool]]:
    yield (
        range(300, 400), "bad_request",
        _("The service sends elsewhere, which is not followed. Enter the address that it names."), True,
    )  # fmt: skip
    yield (
        frozenset({401, 407}), "unauthorized",
        _("The service does not accept the credentials. Enter them again."), True,
    )  # fmt: skip
    yield (
        frozenset({403}), "unauthorized",
        _("The service knows the credentials, but they may not do this. Give them the right to."), True,
    )  # fmt: skip
    yield (
        frozenset({404, 410}), "bad_request",
        _("There is nothing at this address. Check the path and the names."), True,
    )  # fmt: skip
    yield frozenset({408, 504}), "timeout", _("The service took too long. Try again."), False
    yield (
        frozenset({425, 429}), "rate_limited",
        _("The service asks for fewer requests. Wait, or have its limit raised."), False,
    )  # fmt: skip
    yield frozenset({507}), "overloaded", _("The service's disk is full. Make room there."), False
    yield frozenset({501, 505}), "bad_request", _("The service cannot do what it is asked for."), True
    yield range(500, 600), "overloaded", _("The service is out of order or too busy. Try again."), False
    yield (
        range(400, 500), "bad_request",
        _("The service does not take what it is sent. Check the settings."), True,
    )  # fmt: skip


#: In this order over everything inside: what says most comes first.
_JUDGES = (
    _refused, _certificate, _uncertified, _name, _large, _errno, _timeout, _tls, _broken, _protocol,
)  # fmt: skip
