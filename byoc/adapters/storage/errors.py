"""From what SDKs and the network raise to EndpointError: a code, and a sentence that says what to change.

No address, key or answer of the server is in a sentence: only the endpoint's own name, and words of ours.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from byoc.contracts import EndpointSpec, Failure
from humana.kernel.errors import EndpointError

Act: TypeAlias = Literal["write", "read", "list", "delete", "sign"]


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


class StorageFailed(EndpointError):
    """`sentence` is in the catalogue, with places for what is `told`; who shows it translates it.

    `full` says that nothing more can be kept there, though it answers.
    """

    def __init__(
        self, code: Failure, sentence: str, *, permanent: bool = True, full: bool = False, **told: object
    ) -> None:
        super().__init__(sentence % told, permanent=permanent, code=code)
        self.sentence, self.told, self.full = sentence, told, full


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: its status, its own word for it, and the region it named, if it did."""

    status: int = 0
    word: str = ""
    region: str = ""


_MAY_NOT: dict[Act, str] = {
    "write": _("The key of “%(name)s” may not write there. Give it the right to write objects."),
    "read": _("The key of “%(name)s” may not read there. Give it the right to read objects."),
    "list": _("The key of “%(name)s” may not list what is there. Give it the right to list objects."),
    "delete": _("The key of “%(name)s” may not delete there. Give it the right to delete objects."),
    "sign": _("The key of “%(name)s” may not give out signed addresses. Give it the right to."),
}
_NO_BUCKET = _("At “%(name)s” there is no “%(bucket)s”. Create it there, or correct the name.")
_WRONG_KEY = _("“%(name)s” does not know this key or account. Correct it, or create a new one there.")
_WRONG_SECRET = _("“%(name)s” does not accept the secret: it is not the one of this key. Enter it again.")
_ENDED = _("The key of “%(name)s” has ended or was switched off. Create a new one there.")
_REGION = _("What “%(name)s” names is in another region. Correct the region, and the address with it.")
_REGION_NAMED = _("What “%(name)s” names is in the region %(region)s. Correct the region.")
_CLOCK = _("The clocks of “%(name)s” and of this server differ too much. Set the one that is wrong.")
_FULL = _("“%(name)s” has no space left, or its quota is used up. Make room there, or raise the quota.")
_BUSY = _("“%(name)s” is out of order or too busy just now. It is tried again.")
_SLOWER = _("“%(name)s” asks us to slow down. It is tried again.")
_ELSEWHERE = _("“%(name)s” answers from another address, which is not followed. Correct the address.")
_NOT_ONE = _("What answers at “%(name)s” is not a storage of this type. Correct the address or the type.")
_REFUSES = _("“%(name)s” refuses the request (%(status)s %(word)s). Check its settings.")

_TIMEOUT = _("“%(name)s” did not answer in time. See whether it can be reached from here.")
_NO_HOST = _("The host of “%(name)s” cannot be found by its name. Correct the address.")
_NOBODY = _("“%(name)s” cannot be reached. See whether it is running, and open to this server.")
_BROKE_OFF = _("“%(name)s” broke off in the middle. It is tried again.")
_CERTIFICATE_ENDED = _("The certificate of “%(name)s” has ended. Renew it there.")
_CERTIFICATE_UNKNOWN = _(
    "The certificate of “%(name)s” is from an authority that this server does not trust."
    " Get one from an authority that is publicly trusted."
)
_CERTIFICATE_OTHER = _("The certificate of “%(name)s” is for another name. Correct the address.")
_NO_TLS = _("“%(name)s” does not speak TLS there. Correct the address: its port, or https.")

#: What the storages call it; lower case.
_WORDS: dict[str, tuple[Failure, str]] = {
    **dict.fromkeys(("nosuchbucket", "containernotfound", "bucketnotfound"), ("bad_request", _NO_BUCKET)),
    **dict.fromkeys(("invalidbucketname", "invalidresourcename"), ("bad_request", _NO_BUCKET)),
    **dict.fromkeys(
        ("invalidaccesskeyid", "invalid_grant", "resourcenotfound", "accountnotfound"),
        ("unauthorized", _WRONG_KEY),
    ),
    **dict.fromkeys(
        ("signaturedoesnotmatch", "authenticationfailed", "invalidauthenticationinfo"),
        ("unauthorized", _WRONG_SECRET),
    ),
    **dict.fromkeys(
        ("expiredtoken", "invalidtoken", "accountisdisabled", "accountbeingcreated"),
        ("unauthorized", _ENDED),
    ),
    **dict.fromkeys(
        (
            "permanentredirect",
            "authorizationheadermalformed",
            "illegallocationconstraintexception",
            "invalidregion",
        ),
        ("bad_request", _REGION),
    ),
    **dict.fromkeys(("requesttimetooskewed", "requestexpired"), ("bad_request", _CLOCK)),
    **dict.fromkeys(
        (
            "quotaexceeded",
            "xminiostoragefull",
            "storagefull",
            "entitytoolarge",
            "insufficientaccountpermissionsquota",
        ),
        ("rate_limited", _FULL),
    ),
}
_MAY_NOT_WORDS = {
    "accessdenied",
    "allaccessdisabled",
    "authorizationpermissionmismatch",
    "insufficientaccountpermissions",
    "authorizationfailure",
    "forbidden",
}


def judged(answer: Answer, act: Act, spec: EndpointSpec, bucket: str) -> StorageFailed:
    """What an answer of the server means for whoever set the endpoint up."""
    word, status = answer.word.lower(), answer.status
    told: dict[str, Any] = {"name": spec.name, "bucket": bucket}
    if word in _WORDS:
        code, sentence = _WORDS[word]
        if sentence is _REGION and answer.region:
            return StorageFailed(code, _REGION_NAMED, name=spec.name, region=answer.region[:40])
        return StorageFailed(code, sentence, full=sentence is _FULL, **told)
    if word in _MAY_NOT_WORDS or status in (401, 403):
        return StorageFailed("unauthorized", _MAY_NOT[act], **told)
    return _by_status(answer, told)


def _by_status(answer: Answer, told: dict[str, Any]) -> StorageFailed:
    status = answer.status
    if status == 507:
        return StorageFailed("rate_limited", _FULL, full=True, **told)
    if status == 429 or answer.word.lower() in ("slowdown", "serverbusy"):
        return StorageFailed("rate_limited", _SLOWER, permanent=False, **told)
    if status >= 500 and status != 501:
        return StorageFailed("overloaded", _BUSY, permanent=False, **told)
    if status == 404:
        return StorageFailed("bad_request", _NO_BUCKET, **told)
    if 300 <= status < 400:
        return StorageFailed("bad_request", _ELSEWHERE, **told)
    if 0 < status < 300:
        return StorageFailed("malformed", _NOT_ONE, **told)
    return StorageFailed("bad_request", _REFUSES, status=status, word=_plain(answer.word), name=told["name"])


def _plain(word: str) -> str:
    """The server's own word, if it is one: whatever else it wrote may hold an address or a key."""
    return word if word.isascii() and word.isalnum() and len(word) <= 60 else ""


def of_the_network(error: BaseException, spec: EndpointSpec, act: Act) -> EndpointError:
    """What went wrong before there was an answer. The guard's refusals stay as they are."""
    causes = list(causes_of(error))
    for cause in causes:
        if isinstance(cause, EndpointError):
            return cause
    names = {type(cause).__name__ for cause in causes}
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_the_certificate(cause, spec)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return StorageFailed("unreachable", _NO_TLS, name=spec.name)
    if any(isinstance(cause, PermissionError) for cause in causes):
        return StorageFailed("unauthorized", _MAY_NOT[act], name=spec.name)
    if names & _TIMEOUTS or any(isinstance(cause, TimeoutError) for cause in causes):
        return StorageFailed("timeout", _TIMEOUT, permanent=False, name=spec.name)
    if any(isinstance(cause, socket.gaierror) for cause in causes) or "NameResolutionError" in names:
        return StorageFailed("unreachable", _NO_HOST, permanent=False, name=spec.name)
    if names & _REFUSED or any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return StorageFailed("unreachable", _NOBODY, permanent=False, name=spec.name)
    if any(isinstance(cause, OSError) and cause.errno in _FULL_DISK for cause in causes):
        return StorageFailed("rate_limited", _FULL, full=True, name=spec.name)
    if names & _BROKEN:
        return StorageFailed("cut", _BROKE_OFF, permanent=False, name=spec.name)
    return StorageFailed("malformed", _NOT_ONE, permanent=False, name=spec.name)


_TIMEOUTS = {
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectTimeout",
    "ReadTimeout",
    "ServiceResponseTimeoutError",
}
_REFUSED = {"NewConnectionError", "EndpointConnectionError", "ServiceRequestError"}
_BROKEN = {
    "ProtocolError", "ConnectionClosedError", "IncompleteRead", "ConnectionResetError", "BrokenPipeError",
    "RemoteDisconnected", "IncompleteReadError", "ResponseStreamingError",
}  # fmt: skip
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: OpenSSL's numbers: it has ended; whoever signed it is unknown; it is for somebody else.
_X509_ENDED, _X509_OTHER_NAME = {10}, {62, 63, 64}


def _of_the_certificate(error: ssl.SSLCertVerificationError, spec: EndpointSpec) -> StorageFailed:
    number = getattr(error, "verify_code", 0)
    sentence = _CERTIFICATE_UNKNOWN
    if number in _X509_ENDED:
        sentence = _CERTIFICATE_ENDED
    elif number in _X509_OTHER_NAME:
        sentence = _CERTIFICATE_OTHER
    return StorageFailed("unreachable", sentence, name=spec.name)


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error, and whatever is inside it: each library packs it in a way of its own."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        packed = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        packed += [getattr(one, "inner_exception", None), getattr(one, "kwargs", {}).get("error")]
        waiting += [inner for inner in packed if isinstance(inner, BaseException)]
